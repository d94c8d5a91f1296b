import assert from "node:assert/strict";
import { type RopeConfig, ropeFrequencies } from "../../../../pipelines/models/architecture/rope.ts";
import { assertOneLine } from "../support.ts";

/** The output of make_llama.py for a config: its fields, and transformers' frequencies, eight per line. */
interface Golden {
  readonly name: string;
  readonly rope_theta: number;
  readonly max_position_embeddings: number;
  readonly head_dim: number;
  readonly rope_scaling: Readonly<Record<string, unknown>> | null;
  readonly inverseFrequencies: readonly number[][];
  readonly attentionScaling: number;
}

const goldens: readonly Golden[] = JSON.parse(
  await Deno.readTextFile(new URL("../../../goldens/rope.json", import.meta.url)),
);

function configOf({ rope_theta, head_dim, max_position_embeddings, rope_scaling }: Golden): RopeConfig {
  return {
    theta: rope_theta,
    headWidth: head_dim,
    contextLength: max_position_embeddings,
    originalContextLength: undefined,
    scaling: rope_scaling,
    file: "config.json",
  };
}

function goldenOf(name: string): Golden {
  const golden = goldens.find((golden) => golden.name === name);
  assert.ok(golden !== undefined, `No golden is named ${name}`);
  return golden;
}

/** Transformers computes the frequencies in float32, and the goldens have 7 digits. */
function assertRelativelyClose(found: readonly number[], expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, at) => {
    assert.ok(Math.abs((found[at] as number) / value - 1) < 1e-6, `${found[at]} at ${at} is not ${value}`);
  });
}

for (const golden of goldens) {
  Deno.test(`ropeFrequencies() matches transformers' frequencies and scale: ${golden.name}`, () => {
    const { inverseFrequencies, rotaryScale } = ropeFrequencies(configOf(golden));
    assertRelativelyClose(inverseFrequencies, golden.inverseFrequencies.flat());
    assertRelativelyClose([rotaryScale], [golden.attentionScaling]);
  });
}

Deno.test("the goldens of ropeFrequencies() cover all three of llama3's bands", () => {
  for (const name of ["llama3-rope", "Llama 3.1 8B"]) {
    const config = configOf(goldenOf(name));
    const plain = ropeFrequencies({ ...config, scaling: null }).inverseFrequencies;
    const slowed = ropeFrequencies(config).inverseFrequencies.map((frequency, pair) => plain[pair]! / frequency);
    assert.ok(slowed.includes(1), "Short wavelengths are unchanged");
    assert.ok(slowed.some((ratio) => Math.abs(ratio - 8) < 1e-12), "Long wavelengths are stretched by the factor");
    assert.ok(slowed.some((ratio) => ratio > 1.01 && ratio < 7.99), "Wavelengths in between are interpolated");
  }
});

Deno.test("ropeFrequencies() prefers YaRN's own field for the trained length to the model's", () => {
  const config = configOf(goldenOf("yarn-rope"));
  const stretched = {
    ...config,
    contextLength: config.contextLength * 4,
    scaling: { ...config.scaling, original_max_position_embeddings: config.contextLength },
  };
  assert.deepEqual(ropeFrequencies(stretched), ropeFrequencies(config));
});

Deno.test("ropeFrequencies() treats null settings as absent", () => {
  const config = configOf(goldenOf("yarn-rope"));
  const unset = { attention_factor: null, beta_fast: null, beta_slow: null, original_max_position_embeddings: null };
  assert.deepEqual(
    ropeFrequencies({ ...config, scaling: { ...config.scaling, ...unset } }),
    ropeFrequencies(config),
  );
});

Deno.test("ropeFrequencies() refuses scalings that are unknown or incomplete", () => {
  const config = configOf(goldenOf("yarn-rope"));
  const rejects = (scaling: Record<string, unknown>, pattern: RegExp) =>
    assert.throws(() => ropeFrequencies({ ...config, scaling }), (error) => assertOneLine(error, pattern));
  rejects({ type: "longrope" }, /rope_scaling of type longrope needs the list short_factor of 8 numbers; /);
  rejects({ type: "ntk" }, /^config\.json: rope_scaling type "ntk" is not supported; known are default, /);
  rejects({ rope_type: "linear" }, /rope_scaling of type linear needs the positive number factor; /);
  rejects({ rope_type: "yarn", factor: "4" }, /rope_scaling of type yarn needs the positive number factor; /);
  rejects(
    { rope_type: "llama3", factor: 8 },
    /rope_scaling of type llama3 needs the positive number low_freq_factor; /,
  );
  rejects({ rope_type: "linear", factor: 0 }, /rope_scaling of type linear needs the positive number factor; /);
  rejects({ rope_type: "yarn", factor: 4, attention_factor: 0 }, /needs the positive number attention_factor; /);
  const llama3 = { rope_type: "llama3", factor: 8, original_max_position_embeddings: 64 };
  rejects(
    { ...llama3, low_freq_factor: 4, high_freq_factor: 4 },
    /low_freq_factor 4, which is not below the high_freq/,
  );
  const longrope = { rope_type: "longrope", short_factor: new Array(8).fill(1) };
  rejects({ ...longrope, original_max_position_embeddings: "64" }, /needs the positive number original_max_position_/);
});

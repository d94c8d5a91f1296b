import assert from "node:assert/strict";
import { actsOnCompletion } from "../../../../pipelines/compile/lower/adaptation.ts";
import { lowerAdapter } from "../../../../pipelines/compile/lower/adapters.ts";
import { adapters, isAdapterName } from "../../../../ops/adapters/mod.ts";
import { ownValue } from "../../../../ops/program/own_value.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { familyCases, readFamilyGolden } from "../../models/families/families_golden.ts";
import { assertRefused, encoderDecoder, model } from "../support.ts";

const lora = { kind: "lora", blocks: [0, 2], modules: ["q_proj"], rank: 2 } as const;

Deno.test("an adapter is lowered to one for each module of each block", () => {
  const adapters = lowerAdapter({ ...lora, modules: ["v_proj", "mlp.down_proj"] }, model);
  assert.deepEqual(adapters.map(({ block, module }) => `${block} ${module}`), [
    "0 attention.v_proj",
    "0 mlp.down_proj",
    "2 attention.v_proj",
    "2 mlp.down_proj",
  ]);
  assert.deepEqual(adapters.map(({ site }) => site).slice(0, 2), ["attention.value", "mlp.output"]);
  assert.equal(adapters[3]!.weight, "blocks.2.mlp.down_proj.weight");
});

Deno.test("the shapes of a low-rank adapter's tensors follow from its projection and rank", () => {
  const [adapter] = lowerAdapter({ ...lora, modules: ["v_proj"] }, model);
  assert.deepEqual(Object.values(adapter!.tensors).map(({ shape }) => shape), [[2, 8], [4, 2]]);
  assert.equal(adapter!.inputs, 8);
});

Deno.test("a low-rank adapter is scaled by alpha over the rank, or over its square root", () => {
  const scalingOf = (options: { alpha?: number; rankStabilized?: boolean }) => {
    return lowerAdapter({ ...lora, ...options, rank: 4 }, model)[0]!.options.scaling;
  };
  assert.equal(scalingOf({}), 1);
  assert.equal(scalingOf({ alpha: 8 }), 2);
  assert.equal(scalingOf({ alpha: 8, rankStabilized: true }), 4);
});

Deno.test("an adapter that names no stack applies to the encoder and the decoder", () => {
  const stacks = (declared: Parameters<typeof lowerAdapter>[0]) => {
    return lowerAdapter(declared, encoderDecoder).map(({ stack, block }) => `${stack} ${block}`);
  };
  assert.deepEqual(stacks({ ...lora, blocks: [1] }), ["encoder 1", "decoder 1"]);
  assert.deepEqual(stacks({ ...lora, blocks: "all", stack: "decoder" }), ["decoder 0", "decoder 1", "decoder 2"]);
});

Deno.test("every kind of adapter finds its projections in every family, under any name", async () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    llama: ["q_proj", "v_proj"],
    gpt2: ["c_attn"],
    "gpt-neox": ["query_key_value"],
    bert: ["query", "value"],
    phi3: ["qkv_proj"],
  };
  for (const name of familyCases) {
    const architecture = architectureOf((await readFamilyGolden(name)).config);
    for (const kind of Object.keys(adapters).filter(isAdapterName)) {
      const found = lowerAdapter(
        { kind, blocks: [0], ...kind === "ia3" || kind === "bitfit" ? {} : { rank: 1 } },
        architecture,
      );
      assert.ok(found.length > 0, `${name}: ${kind} finds nothing`);
      const family = ownValue(expected, name);
      if (kind !== "lora" || family === undefined) continue;
      assert.deepEqual(found.map(({ module }) => module.split(".").at(-1)), family, name);
    }
  }
});

Deno.test("an adapter for prompts does not affect generated tokens, and an encoder's never does", () => {
  const onPrompts = { ...lora, blocks: [0], positions: "prompt" } as const;
  const actingOf = (...declared: Parameters<typeof lowerAdapter>) => {
    return lowerAdapter(...declared).map((adapter) => [adapter.positions, actsOnCompletion({ ...adapter, index: 0 })]);
  };
  assert.deepEqual(actingOf(onPrompts, model), [["prompt", false]]);
  assert.deepEqual(actingOf({ ...onPrompts, positions: "all+completion" }, model), [[undefined, true]]);
  assert.deepEqual(actingOf({ ...onPrompts, stack: "encoder" }, encoderDecoder), [[undefined, false]]);
  for (const stack of [{}, { stack: "decoder" }] as const) {
    assertRefused(
      () => lowerAdapter({ ...onPrompts, ...stack }, encoderDecoder),
      /the decoder does not read the prompt, so lora's positions "prompt" mean nothing there; write stack: "encoder"/,
    );
  }
});

Deno.test("an adapter of a module that the model lacks is refused", () => {
  assertRefused(() => lowerAdapter({ ...lora, modules: ["k_proj"] }, model), /no module .* is named "k_proj"; /);
  assertRefused(
    () => lowerAdapter({ ...lora, modules: ["q_proj", "attention.q_proj"] }, model),
    /the module attention\.q_proj is named twice/,
  );
  assertRefused(
    () => lowerAdapter({ ...lora, modules: ["v_proj"], rank: 5 }, model),
    /the rank 5 is out of range for attention\.v_proj \[4, 8\]; give a whole number from 1 to 4/,
  );
});

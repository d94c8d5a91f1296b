/** Fields that a config.json omits, compared with the defaults of transformers' config classes. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digest } from "../../../../ops/program/digest.ts";
import { input, type Value, weight } from "../../../../ops/program/program.ts";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import type { Architecture, WeightSource } from "../../../../pipelines/models/architecture/architecture.ts";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { runInputs } from "../../../../pipelines/models/architecture/model_inputs.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { familyCases } from "./families_golden.ts";

type Fields = Readonly<Record<string, unknown>>;

const goldens = new URL("../../../goldens/", import.meta.url);
const defaults: Readonly<Record<string, Fields>> = JSON.parse(
  await Deno.readTextFile(new URL("config_defaults.json", goldens)),
);

/** Required fields: a config without one is refused, while transformers would assume the family's first model. */
const sizes = new Set([
  ...["hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "intermediate_size"],
  ...["n_embd", "n_layer", "n_head", "dim", "hidden_dim", "n_layers", "n_heads", "num_layers", "num_heads", "ffn_dim"],
  ...["d_model", "d_kv", "d_ff"],
]);

const weights: WeightSource = (name, shape) => weight(name, shape);

/** All that a config determines: the architecture's fields, and a digest of the computation. */
function meaningOf(fields: Fields): string {
  try {
    const architecture = architectureOf(new ConfigReader("config.json", fields));
    const told = JSON.stringify(
      [architecture, architecture.encoder],
      (_, value) => value instanceof Map ? [...value] : value === Infinity ? "Infinity" : value,
    );
    return `${told} ${computed(architecture)}`;
  } catch (error) {
    if (error instanceof RequestError) return `refused: ${error.problem}`;
    throw error;
  }
}

/** A digest of the computation; for two stacks that of the encoder, whose blocks are like the decoder's. */
function computed(architecture: Architecture): string {
  if (architecture.encoder !== undefined) return ofStack({ ...architecture, ...architecture.encoder });
  const outputs: Record<string, Value> = {}, rows = input("rows", ["rows", architecture.width]);
  if (architecture.logits !== undefined) outputs["logits"] = architecture.logits(rows, weights);
  if (architecture.classifier !== undefined) outputs["scores"] = architecture.classifier.scores(rows, weights, 3);
  return ofStack(architecture) + digest({ name: "head", outputs });
}

function ofStack(architecture: Architecture): string {
  const run = runInputs(architecture, { name: "run", batch: "batch", seen: "batch", before: [] });
  const { hiddenStates } = architecture.forward(run, weights), last = hiddenStates.at(-1)!;
  const outputs = { last, finished: architecture.finish(last, weights) };
  return digest({ name: "forward", outputs });
}

for (const name of familyCases) {
  const file = join(fileURLToPath(goldens), "families", name, "config.json");
  const config: Fields = JSON.parse(Deno.readTextFileSync(file));
  const ofFamily = defaults[String(config["model_type"])];
  if (ofFamily === undefined) throw new Error(`make_config_defaults.py lacks the family of ${name}`);
  Deno.test(`a field that a config omits has transformers' default: ${name}`, () => {
    const wrong = Object.entries(ofFamily).flatMap(([field, value]) => {
      const { [field]: _, ...others } = config;
      const omitted = meaningOf(others), written = meaningOf({ ...others, [field]: value });
      if (omitted === written || (sizes.has(field) && /^refused: .* is missing where /.test(omitted))) return [];
      return [`${field} ${JSON.stringify(value)}: ${omitted.slice(0, 200)} | ${written.slice(0, 200)}`];
    });
    assert.deepEqual(wrong, []);
  });
}

/** The fields of config.json that give a family's projections biases, in transformers and here. @module */
import type { JsonObject } from "../../common/files.ts";
import type { Architecture } from "../architecture/architecture.ts";
import { ConfigReader } from "../architecture/config.ts";
import type { FamilyName } from "./defaults.ts";
import { architectureOf } from "./mod.ts";

const flags: Readonly<Record<FamilyName, readonly string[]>> = {
  llama: ["attention_bias", "mlp_bias"],
  mistral: [],
  mixtral: [],
  qwen2: [],
  qwen3: ["attention_bias"],
  smollm3: ["attention_bias", "mlp_bias"],
  granite: ["attention_bias", "mlp_bias"],
  gemma: ["attention_bias"],
  gemma2: ["attention_bias"],
  gemma3_text: ["attention_bias"],
  phi: [],
  phi3: [],
  gpt2: [],
  gpt_neo: [],
  gpt_neox: ["attention_bias"],
  gptj: [],
  opt: [],
  falcon: ["bias"],
  stablelm: ["use_qkv_bias"],
  olmo: ["attention_bias"],
  olmo2: ["attention_bias"],
  cohere: ["attention_bias"],
  cohere2: ["attention_bias"],
  starcoder2: ["use_bias"],
  bloom: [],
  bert: [],
  roberta: [],
  "xlm-roberta": [],
  camembert: [],
  distilbert: [],
  modernbert: ["attention_bias", "mlp_bias"],
  "deberta-v2": [],
  t5: [],
};

/** A model whose config enables more biases. */
interface BiasedModel {
  /** The fields that are set to true. */
  readonly fields: Readonly<Record<string, true>>;
  /** The shapes of the added weights, by name. */
  readonly added: ReadonlyMap<string, readonly number[]>;
}

/**
 * The model with the fewest fields changed to give it some biases.
 *
 * @returns `undefined` if the family has no such biases.
 */
export function withBiases(
  config: JsonObject,
  { family, weights }: Pick<Architecture, "family" | "weights">,
  wanted: readonly string[],
): BiasedModel | undefined {
  const known = flags[family as FamilyName];
  const subsets = [...known.map((flag) => [flag]), ...known.length > 1 ? [known] : []];
  for (const subset of subsets) {
    const fields = Object.fromEntries(subset.map((flag) => [flag, true as const]));
    const changed = architectureOf(new ConfigReader("config.json", { ...config, ...fields })).weights;
    const added = new Map([...changed].filter(([name]) => !weights.has(name)));
    const isSame = [...weights].every(([name, shape]) => changed.get(name)?.join() === shape.join());
    if (isSame && wanted.every((name) => added.has(name))) return { fields, added };
  }
  return undefined;
}

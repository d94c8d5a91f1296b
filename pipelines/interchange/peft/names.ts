/** peft's names for the files of an adapter and the tensors in them. @module */
import type { AdapterName } from "../../../ops/adapters/mod.ts";
import type { BlockProjection } from "../../compile/lower/adapters.ts";

/** The files of a folder written by peft's `save_pretrained`. */
export const peftFiles = {
  config: "adapter_config.json",
  weights: "adapter_model.safetensors",
  /** As written by torch, before safetensors. */
  pickled: "adapter_model.bin",
} as const;

/** The prefix of module names, because peft wraps the model. */
const wrapper = "base_model.model.";

/** The tensor of a prefix. */
export const prefixTensor = "prompt_embeddings";

/** What peft has for a kind of adapter. */
interface PeftKind {
  readonly type: "LORA" | "IA3";
  /** The last parts of peft's names by Refract's names, the one that peft writes today first. */
  readonly tensors: Readonly<Record<string, readonly string[]>>;
}

const lowRank = { lora_A: ["lora_A.weight"], lora_B: ["lora_B.weight"] };

/** By Refract's kinds; peft has none that trains only biases. */
export const peftKinds: Readonly<Record<AdapterName, PeftKind | undefined>> = {
  lora: { type: "LORA", tensors: lowRank },
  dora: {
    type: "LORA",
    tensors: { ...lowRank, magnitude: ["lora_magnitude_vector", "lora_magnitude_vector.weight"] },
  },
  ia3: { type: "IA3", tensors: { scale: ["ia3_l"] } },
  bitfit: undefined,
};

/**
 * The name of a module in the model that peft wraps.
 *
 * @param omitted The prefix that the model's class omits.
 */
export function modulePath({ weight }: Pick<BlockProjection, "weight">, omitted = ""): string {
  const path = weight.replace(/\.weight$/, "");
  return path.startsWith(omitted) ? path.slice(omitted.length) : path;
}

/** The name under which peft saves a module's tensor. */
export function peftName(path: string, tensor: string): string {
  return `${wrapper}${path}.${tensor}`;
}

/** The module and the tensor that a name refers to. */
export function parsePeftName(name: string): { readonly path: string; readonly tensor: string } | undefined {
  const whole = name.startsWith(wrapper) ? name.slice(wrapper.length) : name;
  const [, path, tensor] = /^(.+)\.(lora_[AB]\.weight|lora_magnitude_vector(?:\.weight)?|ia3_l)$/.exec(whole) ?? [];
  return path === undefined || tensor === undefined ? undefined : { path, tensor };
}

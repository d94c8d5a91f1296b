/** The names of a model's tensors in GGUF files, for writing them. @module */
import type { HeadLayout } from "../../../ops/nn/attention.ts";
import type { FamilyName } from "../families/defaults.ts";
import { isKnownArchitecture, type KnownArchitecture, rename, tensorNames } from "./names.ts";
import { storageTypes } from "./types.ts";

/** The `general.architecture` of a family's files. */
const architectures: Readonly<Record<FamilyName, KnownArchitecture | undefined>> = {
  llama: "llama",
  mistral: "llama",
  mixtral: "llama",
  qwen2: "qwen2",
  qwen3: "qwen3",
  smollm3: undefined,
  granite: "granite",
  gemma: "gemma",
  gemma2: "gemma2",
  gemma3_text: "gemma3",
  phi: "phi2",
  phi3: "phi3",
  gpt2: "gpt2",
  gpt_neo: undefined,
  gpt_neox: "gptneox",
  gptj: undefined,
  opt: undefined,
  falcon: "falcon",
  stablelm: "stablelm",
  olmo: undefined,
  olmo2: "olmo2",
  cohere: "command-r",
  cohere2: "cohere2",
  starcoder2: "starcoder2",
  bloom: undefined,
  bert: undefined,
  roberta: undefined,
  "xlm-roberta": undefined,
  camembert: undefined,
  distilbert: undefined,
  modernbert: undefined,
  "deberta-v2": undefined,
  t5: undefined,
};

/** The `general.architecture` of a model's files; `undefined` if such files cannot be written. */
export function ggufArchitecture(family: string): KnownArchitecture | undefined {
  return Object.hasOwn(architectures, family) ? architectures[family as FamilyName] : undefined;
}

/** A projection's weight in a GGUF file. */
interface GgufProjection {
  readonly name: string;
  /** The row in the file that corresponds to a row of transformers' weight. */
  readonly row: (row: number) => number;
}

/**
 * A projection's weight in a GGUF file.
 *
 * @param weight Its name in transformers.
 * @returns `undefined` if the file has it fused with others.
 */
export function ggufProjection(
  architecture: KnownArchitecture,
  weight: string,
  { outputs, block }: { readonly outputs: number; readonly block: number },
  heads: HeadLayout,
): GgufProjection | undefined {
  if (!isKnownArchitecture(architecture)) return undefined;
  for (const stem of Object.keys(tensorNames[architecture].block)) {
    const name = `blk.${block}.${stem}.weight`, to = rename(architecture, name, () => false);
    if (to?.name !== weight) continue;
    const type = storageTypes.get(0)!, source = { name, shape: [outputs, 1], type, offset: 0, bytes: 4 * outputs };
    const [output, ...others] = to.treatment(source, to.name, heads) ?? [];
    if (output === undefined || others.length > 0) return undefined;
    return { name, row: output.order?.stored ?? ((row) => row) };
  }
  return undefined;
}

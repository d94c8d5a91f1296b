/**
 * The parts of decoders around their blocks: embeddings, a last norm, and a head that may share the embeddings.
 *
 * @module
 */
import type { Value } from "../../../ops/program/program.ts";
import type { Architecture, DropoutRates } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import type { Extents } from "../architecture/fields.ts";
import type { InputConfigs } from "../inputs/kinds.ts";
import type { Block } from "./block.ts";
import type { Norm } from "./norm.ts";
import { embedTokens, type LanguageHead, languageHead, scoreHead } from "./outer.ts";
import type { Scope } from "./scope.ts";
import { transformer } from "./transformer.ts";

/** The names of a family's parts. */
interface DecoderNames {
  /** The prefix of everything but the head. */
  readonly base: string;
  readonly embedding: string;
  readonly blocks: string;
  readonly norm: string;
  readonly head: string;
}

/** The names in Llama and most families since. */
export const llamaNames: DecoderNames = {
  base: "model.",
  embedding: "embed_tokens",
  blocks: "layers",
  norm: "norm",
  head: "lm_head",
};

/** The names in GPT-2 and families of its time. */
export const gptNames: DecoderNames = {
  base: "transformer.",
  embedding: "wte",
  blocks: "h",
  norm: "ln_f",
  head: "lm_head",
};

/** The parts of a decoder. */
interface DecoderParts {
  readonly names: DecoderNames;
  /** See `Architecture`; the names' base if omitted. */
  readonly barePrefix?: string;
  readonly extents: Extents;
  readonly inputs: InputConfigs;
  readonly dropout?: DropoutRates;
  readonly block: Block;
  /** The norm after the last block. */
  readonly norm: Norm;
  /** Whether the head shares the embedding table if the config does not say. */
  readonly tied: boolean;
  /** Whether the head has a bias, and how logits are scaled. */
  readonly head?: { readonly hasBias?: boolean } & Pick<LanguageHead, "scale" | "softcap">;
  /** Changes the tokens' embeddings; they are unchanged if omitted. */
  readonly embed?: (scope: Scope, tokens: Value) => Value;
  /** The width of the embeddings; that of the blocks if omitted. */
  readonly embeddingWidth?: number;
  /** The part after the last block; only the norm if omitted. */
  readonly finish?: (scope: Scope, hidden: Value) => Value;
}

/** The architecture of a decoder that a config describes. */
export function decoder(config: ConfigReader, parts: DecoderParts): Architecture {
  const { names, extents, inputs, block, norm, head: { hasBias = false, ...head } = {} } = parts;
  const { base, embedding, blocks, norm: last } = names, { vocabularySize, width } = extents;
  const table = { name: `${base}${embedding}.weight`, vocabularySize, width: parts.embeddingWidth ?? width };
  const { embed = (_scope, tokens) => tokens } = parts;
  const { finish = (scope, hidden) => norm(scope.at(`${base}${last}`), hidden) } = parts;
  return transformer(config, {
    family: String(config.raw("model_type")),
    ...extents,
    causal: true,
    inputs,
    ...parts.dropout === undefined ? {} : { dropout: parts.dropout },
    barePrefix: parts.barePrefix ?? base,
    blockName: (index) => `${base}${blocks}.${index}`,
    embed: (scope) => embed(scope, embedTokens(scope, table)),
    block: () => block,
    finish,
    head: languageHead({
      table,
      weight: `${names.head}.weight`,
      tied: config.flag("tie_word_embeddings", parts.tied),
      ...(hasBias ? { bias: `${names.head}.bias` } : {}),
      ...head,
    }),
    classifier: scoreHead(),
  });
}

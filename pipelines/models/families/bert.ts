/**
 * BERT (Devlin et al. 2019): learned positions and token types, bidirectional attention, norms after attention and MLP.
 *
 * @module
 */
import * as o from "../../../ops/operators.ts";
import type { Architecture, Classifier, DropoutRates } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { type Extents, readExtents } from "../architecture/fields.ts";
import type { InputConfigs } from "../inputs/kinds.ts";
import { type AttentionForm, selfAttention, separate } from "../layers/attention.ts";
import { type Block, postNormed } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm, type Norm } from "../layers/norm.ts";
import {
  denseClassifier,
  embedPositions,
  embedTokens,
  embedTokenTypes,
  maskedHead,
  type TokenTable,
} from "../layers/outer.ts";
import { transformer, type TransformerParts } from "../layers/transformer.ts";

/** The parts of BERT's body that its descendants reuse. */
interface BertBody {
  readonly extents: Extents;
  readonly norm: Norm;
  readonly table: TokenTable;
}

/** The settings of a descendant of BERT. */
interface BertVariant {
  /** The prefix of the names of the body's weights. */
  readonly prefix: string;
  /** The number of first positions that are not used by tokens. */
  readonly offset: number;
  readonly head: (body: BertBody) => TransformerParts["head"];
  readonly classifier: Classifier;
  /** The places of dropout in its classification head. */
  readonly droppedHead: readonly ("classifier.input" | "classifier.hidden")[];
}

/** The rates of BERT's dropout. */
export function bertDropout(config: ConfigReader) {
  const hidden = config.share("hidden_dropout_prob", 0.1);
  return {
    "embedding": hidden,
    "attention.weights": config.share("attention_probs_dropout_prob", 0.1),
    "attention.output": hidden,
    "mlp.output": hidden,
  } satisfies DropoutRates;
}

/** BERT's block with a family's own attention. */
export function bertBlock(config: ConfigReader, norm: Norm, attention: Omit<AttentionForm, "output">): Block {
  const form = { bias: true };
  return postNormed({
    attention: selfAttention({ ...attention, output: { name: "attention.output.dense", ...form } }),
    mlp: plainMlp({
      up: "intermediate.dense",
      down: "output.dense",
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "gelu"),
      form,
    }),
    afterAttention: ["attention.output.LayerNorm", norm],
    afterMlp: ["output.LayerNorm", norm],
  });
}

/** A model with BERT's body. */
export function bertLike(
  config: ConfigReader,
  { prefix, offset, head, classifier, droppedHead }: BertVariant,
): Architecture {
  config.option("position_embedding_type", ["absolute"], "absolute");
  if (config.flag("is_decoder", false)) {
    throw config.error(
      "is_decoder is true, which is not supported; use a bidirectional checkpoint",
    );
  }
  const { contextLength: positions, ...rest } = readExtents(config, { keyValueHeads: undefined });
  const extents = { ...rest, contextLength: positions - offset };
  const { width, vocabularySize, heads } = extents, types = config.count("type_vocab_size", 2);
  const norm = layerNorm(config.number("layer_norm_eps", 1e-12)), form = { bias: true };
  const block = bertBlock(config, norm, {
    heads,
    project: separate(["attention.self.query", "attention.self.key", "attention.self.value"], form),
  });
  const embeddings = `${prefix}.embeddings`, dropout = bertDropout(config);
  const ofHead = config.share("classifier_dropout", dropout.embedding);
  const table = { name: `${embeddings}.word_embeddings.weight`, vocabularySize, width };
  const inputs: InputConfigs = { masks: { full: null }, positions: { offset } };
  return transformer(config, {
    family: String(config.raw("model_type")),
    ...extents,
    causal: false,
    inputs: types > 1 ? { ...inputs, tokenTypes: true } : inputs,
    dropout: { ...dropout, ...Object.fromEntries(droppedHead.map((place) => [place, ofHead])) },
    barePrefix: `${prefix}.`,
    blockName: (index) => `${prefix}.encoder.layer.${index}`,
    embed(scope) {
      const tokens = embedTokens(scope, table);
      const typed = o.add(tokens, embedTokenTypes(scope, `${embeddings}.token_type_embeddings.weight`, types, width));
      const placed = embedPositions(scope, `${embeddings}.position_embeddings.weight`, positions, width);
      return norm(scope.at(`${embeddings}.LayerNorm`), o.add(typed, placed));
    },
    block: () => block,
    head: head({ extents, norm, table }),
    classifier,
  });
}

/** The architecture that a config describes. */
export function bert(config: ConfigReader): Architecture {
  const predictions = "cls.predictions";
  return bertLike(config, {
    prefix: "bert",
    offset: 0,
    head: ({ norm, table }) =>
      maskedHead({
        dense: `${predictions}.transform.dense`,
        activation: readActivation(config, "hidden_act", "gelu"),
        norm: [`${predictions}.transform.LayerNorm`, norm],
      }, {
        table,
        weight: `${predictions}.decoder.weight`,
        tied: config.flag("tie_word_embeddings", true),
        bias: `${predictions}.bias`,
      }),
    classifier: denseClassifier({ dense: "bert.pooler.dense", activation: o.tanh }, "classifier"),
    droppedHead: ["classifier.hidden"],
  });
}

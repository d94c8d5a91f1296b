/**
 * DeBERTa's second and third versions (He et al. 2021): BERT's block with attention that scores contents and distances
 * separately, and in the largest models a convolution parallel to the first block.
 *
 * @module
 */
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents } from "../architecture/fields.ts";
import type { DistanceTable } from "../inputs/distances.ts";
import type { InputConfigs } from "../inputs/kinds.ts";
import { separate } from "../layers/attention.ts";
import { convolved } from "../layers/convolution.ts";
import { distanceScores } from "../layers/disentangled.ts";
import { readActivation } from "../layers/mlp.ts";
import { layerNorm, type Norm } from "../layers/norm.ts";
import { denseClassifier, embedPositions, embedTokens, embedTokenTypes, maskedHead } from "../layers/outer.ts";
import type { Scope } from "../layers/scope.ts";
import { transformer, type TransformerParts } from "../layers/transformer.ts";
import { bertBlock, bertDropout } from "./bert.ts";

const encoder = "deberta.encoder", embeddings = "deberta.embeddings";

/** The architecture that a config describes. */
export function deberta(config: ConfigReader): Architecture {
  const plain = readExtents(config, { keyValueHeads: undefined }), { width } = plain;
  const headWidth = config.count("attention_head_size", plain.heads.headWidth);
  const extents = { ...plain, heads: { ...plain.heads, headWidth } }, { heads } = extents;
  const norm = layerNorm(config.number("layer_norm_eps", 1e-7)), form = { bias: true };
  const kinds = readKinds(config), distances = readDistances(config, extents.contextLength);
  const scale = 1 / Math.sqrt(headWidth * (1 + kinds.length)), shared = config.flag("share_att_key", false);
  const projection = (kind: ScoreKind, own: string, table: string) =>
    kinds.includes(kind) ? `attention.self.${shared ? own : table}` : undefined;
  const block = bertBlock(config, norm, {
    heads,
    project: separate(["attention.self.query_proj", "attention.self.key_proj", "attention.self.value_proj"], form),
    scale,
    bias: distances === undefined ? undefined : distanceScores({
      heads,
      represent: distanceTable(config, distances, width, norm),
      key: projection("c2p", "key_proj", "pos_key_proj"),
      query: projection("p2c", "query_proj", "pos_query_proj"),
      scale,
    }),
  });
  const kernel = config.whole("conv_kernel_size", 0);
  const first = kernel === 0 ? block : convolved(block, {
    name: `${encoder}.conv`,
    kernel,
    groups: config.count("conv_groups", 1),
    activation: readActivation(config, "conv_act", "tanh"),
    norm,
  }, config);
  const dropout = bertDropout(config);
  const { embed, head, inputs } = outside(config, extents, norm);
  return transformer(config, {
    family: "deberta-v2",
    ...extents,
    causal: false,
    inputs: {
      ...inputs,
      ...(distances === undefined ? {} : { distances }),
      ...(kernel === 0 ? {} : { presence: true }),
    },
    dropout: {
      ...dropout,
      ...distances === undefined ? {} : { "attention.distances": dropout.embedding },
      ...kernel === 0 ? {} : { "convolution": dropout.embedding },
      "classifier.input": config.share("pooler_dropout", 0),
      "classifier.hidden": config.share("cls_dropout", dropout.embedding),
    },
    barePrefix: "deberta.",
    blockName: (index) => `${encoder}.layer.${index}`,
    embed,
    block: (index) => (index === 0 ? first : block),
    head,
    classifier: denseClassifier({
      dense: "pooler.dense",
      activation: readActivation(config, "pooler_hidden_act", "gelu"),
    }, "classifier"),
  });
}

/** The embeddings, which may have a different width, and the head that shares them. */
function outside(
  config: ConfigReader,
  { width, vocabularySize, contextLength }: ReturnType<typeof readExtents>,
  norm: Norm,
): Pick<TransformerParts, "embed" | "head"> & { readonly inputs: InputConfigs } {
  const embeddingWidth = config.count("embedding_size", width), types = config.whole("type_vocab_size", 0);
  const isPlaced = config.flag("position_biased_input", true), isLegacy = config.flag("legacy", true);
  const table = { name: `${embeddings}.word_embeddings.weight`, vocabularySize, width: embeddingWidth };
  const lead = isLegacy ? "cls.predictions" : "lm_predictions.lm_head",
    transform = isLegacy ? `${lead}.transform` : lead;
  return {
    inputs: {
      masks: { full: null },
      ...(isPlaced ? { positions: { offset: 0 } } : {}),
      ...(types > 1 ? { tokenTypes: true } : {}),
    },
    embed(scope) {
      const add = (name: string) => `${embeddings}.${name}_embeddings.weight`;
      let sum = embedTokens(scope, table);
      if (isPlaced) sum = o.add(sum, embedPositions(scope, add("position"), contextLength, embeddingWidth));
      if (types > 0) sum = o.add(sum, embedTokenTypes(scope, add("token_type"), types, embeddingWidth));
      const wide = embeddingWidth === width
        ? sum
        : linear(sum, scope.weight(`${embeddings}.embed_proj.weight`, [width, embeddingWidth]));
      return norm(scope.at(`${embeddings}.LayerNorm`), wide);
    },
    head: maskedHead({
      dense: `${transform}.dense`,
      width: embeddingWidth,
      activation: readActivation(config, "hidden_act", "gelu"),
      norm: [`${transform}.LayerNorm`, norm],
    }, {
      table,
      weight: "cls.predictions.decoder.weight",
      tied: !isLegacy || config.flag("tie_word_embeddings", true),
      bias: `${lead}.bias`,
    }),
  };
}

/** Contents of queries against distances, and distances against contents of keys. */
type ScoreKind = "c2p" | "p2c";

/** `pos_att_type`, a list of names, or the names separated by bars. */
function readKinds(config: ConfigReader): readonly ScoreKind[] {
  const found = config.raw("pos_att_type") ?? [], names = typeof found === "string" ? found.split("|") : found;
  const isKind = (name: unknown): name is ScoreKind => name === "c2p" || name === "p2c";
  const kinds = Array.isArray(names) ? names.map((name) => String(name).trim().toLowerCase()) : [""];
  if (kinds.every(isKind)) return kinds;
  throw config.error(`pos_att_type is ${JSON.stringify(found)} where c2p and p2c are known; correct the config`);
}

/** The table of distances, if the config has one; −1 means that a number is not set. */
function readDistances(config: ConfigReader, contextLength: number): DistanceTable | undefined {
  if (!config.flag("relative_attention", false)) return undefined;
  const set = (name: string) => (config.raw(name) === -1 ? 0 : config.whole(name, 0));
  const farthest = set("max_relative_positions") || contextLength, buckets = set("position_buckets");
  return buckets === 0 ? { span: farthest } : { span: buckets, farthest };
}

/** The representations of distances by row, normalized if the config says so. */
function distanceTable(config: ConfigReader, { span }: DistanceTable, width: number, norm: Norm) {
  const isNormalized = String(config.raw("norm_rel_ebd") ?? "none").toLowerCase().split("|")
    .some((part) => part.trim() === "layer_norm");
  return (scope: Scope, rows: Value) => {
    const { whole } = scope, table = whole.weight(`${encoder}.rel_embeddings.weight`, [2 * span, width]);
    const normalized = (x: Value) => isNormalized ? norm(whole.at(`${encoder}.LayerNorm`), x) : x;
    if (scope.run.drop === undefined) return normalized(o.gatherRows(table, rows));
    // Dropout acts on the table, so that a distance is dropped wherever it occurs.
    return o.gatherRows(scope.drop("attention.distances", normalized(table)), rows);
  };
}

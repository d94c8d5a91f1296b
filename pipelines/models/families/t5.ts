/**
 * T5 (Raffel et al. 2020) and T5 1.1, on which FLAN-T5 is based: an encoder and a decoder that share their embeddings,
 * RMS norms before each part of a block, and unscaled attention scores with a bias by distance, whose table is in the
 * first block of each stack and used by all of its blocks. T5 1.1 has a gated MLP and a separate head.
 *
 * @module
 */
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { Architecture, DropoutRates, Encoder, StackName } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import type { DistanceBuckets } from "../inputs/distance_buckets.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { crossAttention } from "../layers/cross_attention.ts";
import { activations, gatedMlp, type Mlp, plainMlp } from "../layers/mlp.ts";
import { rmsNorm } from "../layers/norm.ts";
import { embedTokens, languageHead } from "../layers/outer.ts";
import type { Scope } from "../layers/scope.ts";
import { transformer, type TransformerParts } from "../layers/transformer.ts";

const plain = { bias: false };

/** The architecture that a config describes. */
export function t5(config: ConfigReader): Architecture {
  const width = config.count("d_model"), blocks = config.count("num_layers"), count = config.count("num_heads");
  const heads = { heads: count, keyValueHeads: count, headWidth: config.count("d_kv") };
  const vocabularySize = config.count("vocab_size"), table = { name: "shared.weight", vocabularySize, width };
  const distanceBuckets: DistanceBuckets = {
    count: config.count("relative_attention_num_buckets", 32),
    most: config.count("relative_attention_max_distance", 128),
  };
  const norm = rmsNorm(config.number("layer_norm_epsilon", 1e-6)), mlpNamed = readMlp(config);
  const rate = config.share("dropout_rate", 0.1);
  const stackDropout: DropoutRates = {
    "embedding": rate,
    "attention.weights": rate,
    "attention.output": rate,
    "mlp.activation": rate,
    "mlp.output": rate,
    "finalNorm.output": rate,
  };
  const attention = (stack: StackName) => {
    const name = "layer.0.SelfAttention", biases = `${stack}.block.0.${name}.relative_attention_bias.weight`;
    return selfAttention({
      heads,
      project: separate([`${name}.q`, `${name}.k`, `${name}.v`], plain),
      scale: 1,
      bias: (scope) => distanceBias(scope, biases, distanceBuckets.count, count),
      output: { name: `${name}.o`, ...plain },
    });
  };
  const common = {
    family: "t5",
    width,
    vocabularySize,
    contextLength: Infinity,
    heads,
    barePrefix: "",
    embed: (scope) => embedTokens(scope, table),
    dropout: stackDropout,
  } satisfies Partial<TransformerParts>;
  const stackParts = (stack: StackName) =>
    ({
      stack,
      blockName: (index) => `${stack}.block.${index}`,
      finish: (scope, hidden) => norm(scope.at(`${stack}.final_layer_norm`), hidden),
    }) satisfies Partial<TransformerParts>;
  const encoderBlock = sequential({
    attention: attention("encoder"),
    mlp: mlpNamed("layer.1.DenseReluDense"),
    beforeAttention: ["layer.0.layer_norm", norm],
    beforeMlp: ["layer.1.layer_norm", norm],
  });
  const encoder = transformer(config, {
    ...common,
    ...stackParts("encoder"),
    blocks,
    causal: false,
    inputs: { masks: { full: null }, distanceBuckets },
    block: () => encoderBlock,
    head: (_scope, hidden) => hidden,
  });
  const cross = "layer.1.EncDecAttention";
  const decoderBlock = sequential({
    attention: attention("decoder"),
    crossAttention: crossAttention({
      heads,
      names: { query: `${cross}.q`, key: `${cross}.k`, value: `${cross}.v`, output: `${cross}.o` },
      form: plain,
      scale: 1,
    }),
    mlp: mlpNamed("layer.2.DenseReluDense"),
    beforeAttention: ["layer.0.layer_norm", norm],
    beforeCrossAttention: ["layer.1.layer_norm", norm],
    beforeMlp: ["layer.2.layer_norm", norm],
  });
  const tied = config.flag("tie_word_embeddings", true);
  const scale = config.flag("scale_decoder_outputs", tied) ? 1 / Math.sqrt(width) : 1;
  const startToken = config.whole("decoder_start_token_id", config.whole("pad_token_id", 0));
  return transformer(config, {
    ...common,
    ...stackParts("decoder"),
    blocks: config.count("num_decoder_layers", blocks),
    causal: true,
    inputs: { masks: { full: null }, distanceBuckets, encoderMask: true },
    dropout: { ...stackDropout, "crossAttention.weights": rate, "crossAttention.output": rate },
    block: () => decoderBlock,
    head: languageHead({ table, weight: "lm_head.weight", tied, scale }),
    encoder: Object.assign(encoder, { startToken }) satisfies Encoder,
  });
}

/** The biases of a table [buckets, heads] for each distance, [batch or 1, heads, tokens, keys]. */
function distanceBias(scope: Scope, name: string, buckets: number, heads: number): Value {
  const table = scope.whole.weight(name, [buckets, heads]);
  return o.transpose(o.gatherRows(table, scope.input("distanceBuckets")), [0, 3, 1, 2]);
}

/** Reads the kind of MLP, for example `relu` or `gated-gelu`, and returns the MLP for a weight name. */
function readMlp(config: ConfigReader): (name: string) => Mlp {
  const hidden = config.count("d_ff"), kinds = Object.keys(activations) as (keyof typeof activations)[];
  const options = [...kinds, ...kinds.map((kind) => `gated-${kind}` as const)];
  const declared = config.option("feed_forward_proj", options, "relu");
  const gated = declared.startsWith("gated-");
  // T5 1.1 uses the tanh form of GELU.
  const kind = declared === "gated-gelu" ? "gelu_new" : declared.replace("gated-", "") as keyof typeof activations;
  const activation = activations[kind];
  return (name) => {
    const common = { down: `${name}.wo`, hidden, activation, form: plain };
    return gated
      ? gatedMlp({ ...common, gate: `${name}.wi_0`, up: `${name}.wi_1` })
      : plainMlp({ ...common, up: `${name}.wi` });
  };
}

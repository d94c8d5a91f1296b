/**
 * ModernBERT (Warner et al. 2024): bidirectional attention with rotary positions, global in some blocks and local in
 * the others, gated MLPs, norms before both.
 *
 * @module
 */
import type { Architecture } from "../architecture/architecture.ts";
import { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope, readWindows } from "../architecture/fields.ts";
import { fused, selfAttention } from "../layers/attention.ts";
import { type NamedNorm, sequential } from "../layers/block.ts";
import { fusedGatedMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { denseClassifier, embedTokens, type HeadTransform, maskedHead } from "../layers/outer.ts";
import { transformer } from "../layers/transformer.ts";

/** The architecture that a config describes. */
export function modernBert(config: ConfigReader): Architecture {
  const extents = readExtents(config, { keyValueHeads: undefined });
  const { width, blocks, vocabularySize, heads } = extents;
  const norm = layerNorm(config.number("norm_eps", 1e-5), { bias: config.flag("norm_bias", false) });
  const form = { bias: config.flag("attention_bias", false) }, windows = readLocalWindows(config, blocks);
  const attention = selfAttention({
    heads,
    project: fused("attn.Wqkv", form),
    angles: windows.mask,
    mask: windows.mask,
    output: { name: "attn.Wo", ...form },
  });
  const mlp = fusedGatedMlp({
    up: "mlp.Wi",
    down: "mlp.Wo",
    hidden: config.count("intermediate_size"),
    activation: readActivation(config, "hidden_activation", "gelu"),
    form: { bias: config.flag("mlp_bias", false) },
  });
  const beforeMlp: NamedNorm = ["mlp_norm", norm];
  const first = sequential({ attention, mlp, beforeMlp });
  const further = sequential({ attention, mlp, beforeMlp, beforeAttention: ["attn_norm", norm] });
  const table = { name: "model.embeddings.tok_embeddings.weight", vocabularySize, width };
  const transform: HeadTransform = {
    dense: "head.dense",
    bias: config.flag("classifier_bias", false),
    activation: readActivation(config, "classifier_activation", "gelu"),
    norm: ["head.norm", norm],
  };
  const pooling = config.option("classifier_pooling", ["cls", "mean"], "cls");
  return transformer(config, {
    family: "modernbert",
    ...extents,
    causal: false,
    inputs: {
      rotaryAngles: Object.fromEntries(
        Object.keys(windows.masks).map((kind) => [kind, readAngles(config, extents, kind)]),
      ),
      masks: windows.masks,
    },
    barePrefix: "model.",
    blockName: (index) => `model.layers.${index}`,
    embed: (scope) => norm(scope.at("model.embeddings.norm"), embedTokens(scope, table)),
    block: (index) => (index === 0 ? first : further),
    finish: (scope, hidden) => norm(scope.at("model.final_norm"), hidden),
    lastHiddenState: "plain",
    head: maskedHead(transform, {
      table,
      weight: "decoder.weight",
      tied: config.flag("tie_word_embeddings", true),
      bias: config.flag("decoder_bias", true) ? "decoder.bias" : undefined,
    }),
    classifier: denseClassifier(transform, "classifier", pooling === "cls" ? "first" : "mean"),
  });
}

/** A token attends to `local_attention` tokens around it, half of them on each side; in every n-th block to all. */
function readLocalWindows(config: ConfigReader, blocks: number): ReturnType<typeof readWindows> {
  const side = Math.floor(config.count("local_attention", 128) / 2);
  const every = config.count("global_attn_every_n_layers", 3), layerTypes = config.raw("layer_types");
  const fields = new ConfigReader(config.file, { layer_types: layerTypes, sliding_window: side + 1 });
  return readWindows(fields, blocks, (block) => block % every !== 0);
}

/**
 * The frequencies of a kind of block, which has its own `rope_theta`; if null for local blocks, that of global ones.
 */
function readAngles(config: ConfigReader, extents: Parameters<typeof readRope>[1], kind: string) {
  const whole = { theta: 160000, thetaField: "global_rope_theta" };
  if (kind === "full") return readRope(config, extents, whole);
  const isShared = config.has("local_rope_theta") && config.raw("local_rope_theta") === undefined;
  const own = isShared ? whole : { theta: 10000, thetaField: "local_rope_theta" };
  return readRope(config, extents, { ...own, layerType: "sliding_attention" });
}

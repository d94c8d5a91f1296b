/**
 * Llama and the families that share its block: pre-normalized attention with rotary positions and grouped heads, then a
 * gated MLP (Touvron et al. 2023). Mistral adds a sliding window, Qwen2 biases on query, key and value.
 *
 * @module
 */
import { attention, byHead, type HeadLayout, type KeyValues } from "../../ops/nn/attention.ts";
import { linear } from "../../ops/nn/linear.ts";
import * as o from "../../ops/operators.ts";
import type { Value } from "../../ops/program.ts";
import type { Projection } from "../../ops/adapters/adapter.ts";
import type { Architecture, EditHook, Segment, SegmentResult, SiteName, WeightSource } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { isJsonObject } from "./files.ts";
import { ropeFrequencies } from "./rope.ts";

interface LlamaShape {
  readonly width: number;
  readonly hidden: number;
  readonly blocks: number;
  readonly vocabularySize: number;
  readonly heads: HeadLayout;
  readonly epsilon: number;
  readonly tiedEmbeddings: boolean;
  readonly activation: (x: Value) => Value;
  readonly bias: { readonly query: boolean; readonly output: boolean; readonly mlp: boolean };
}

const activations = { silu: o.silu, gelu: o.gelu, relu: o.relu };

/**
 * The architecture that a config describes.
 *
 * @throws {RequestError} If a field is missing or contradicts another.
 */
export function llama(config: ConfigReader): Architecture {
  const family = String(config.raw("model_type"));
  const shape = readShape(config, family);
  const { width, blocks, vocabularySize, heads } = shape;
  const contextLength = config.count("max_position_embeddings", 2048);
  const { theta, scaling } = readRope(config);
  const frequencies = ropeFrequencies({
    theta,
    headWidth: heads.headWidth,
    contextLength,
    scaling,
    file: config.file,
  });
  const window = slidingWindow(config, family);
  const weights = weightShapes(shape);
  return {
    family,
    width,
    blocks,
    vocabularySize,
    contextLength,
    heads,
    sites: sitesOf(shape),
    ...(window === undefined ? {} : { slidingWindow: window }),
    ...frequencies,
    weights,
    forward: (segment, source) => forward(shape, segment, source),
    logits(rows, source, edit = unedited) {
      const norm = o.rmsNorm(rows, source("model.norm.weight", [width]), shape.epsilon);
      const normal = edit({ block: undefined, name: "finalNorm.output" }, norm);
      const head = shape.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
      return linear(normal, source(head, [vocabularySize, width]));
    },
  };
}

function readShape(config: ConfigReader, family: string): LlamaShape {
  const width = config.count("hidden_size");
  const heads = config.count("num_attention_heads");
  const keyValueHeads = config.count("num_key_value_heads", heads);
  if (config.raw("head_dim") === undefined && width % heads !== 0) {
    throw config.error(`hidden_size ${width} does not divide into ${heads} heads; correct the config`);
  }
  if (heads % keyValueHeads !== 0) {
    throw config.error(`${heads} heads do not divide among ${keyValueHeads} key-value heads; correct the config`);
  }
  const headWidth = config.count("head_dim", width / heads);
  if (headWidth % 2 !== 0) throw config.error(`head_dim ${headWidth} is odd, so it has no rotary pairs`);
  const biased = config.flag("attention_bias", false);
  return {
    width,
    hidden: config.count("intermediate_size"),
    blocks: config.count("num_hidden_layers"),
    vocabularySize: config.count("vocab_size"),
    heads: { heads, keyValueHeads, headWidth },
    epsilon: config.number("rms_norm_eps", 1e-6),
    tiedEmbeddings: config.flag("tie_word_embeddings", false),
    activation: activations[config.option("hidden_act", ["silu", "gelu", "relu"], "silu")],
    bias: { query: biased || family === "qwen2", output: biased, mlp: config.flag("mlp_bias", false) },
  };
}

/** `rope_theta` and `rope_scaling`, or `rope_parameters`, which holds both in newer configs. */
function readRope(config: ConfigReader): { theta: number; scaling: Readonly<Record<string, unknown>> | null } {
  const name = config.raw("rope_parameters") === undefined ? "rope_scaling" : "rope_parameters";
  const scaling = config.raw(name);
  if (scaling === undefined) return { theta: config.number("rope_theta", 10000), scaling: null };
  if (!isJsonObject(scaling)) throw config.error(`${name} is neither null nor an object; correct the config`);
  const within = new ConfigReader(config.file, scaling);
  const theta = within.raw("rope_theta") === undefined ? config : within;
  return { theta: theta.number("rope_theta", 10000), scaling };
}

function slidingWindow(config: ConfigReader, family: string): number | undefined {
  const used = family === "mistral" || (family === "qwen2" && config.flag("use_sliding_window", false));
  return used && config.raw("sliding_window") !== undefined ? config.count("sliding_window") : undefined;
}

const blockPrefix = (block: number) => `model.layers.${block}`;

/** A projection's input and output extents, and whether it has a bias, by the name behind the block's prefix. */
function projections(
  { width, hidden, heads, bias }: LlamaShape,
): Readonly<Record<ProjectionName, readonly [number, number, boolean]>> {
  const queries = heads.heads * heads.headWidth, keys = heads.keyValueHeads * heads.headWidth;
  return {
    "self_attn.q_proj": [width, queries, bias.query],
    "self_attn.k_proj": [width, keys, bias.query],
    "self_attn.v_proj": [width, keys, bias.query],
    "self_attn.o_proj": [queries, width, bias.output],
    "mlp.gate_proj": [width, hidden, bias.mlp],
    "mlp.up_proj": [width, hidden, bias.mlp],
    "mlp.down_proj": [hidden, width, bias.mlp],
  };
}

/** The sites that projections give, by the projection's name behind the block's prefix. */
const projectionSites = {
  "self_attn.q_proj": "attention.query",
  "self_attn.k_proj": "attention.key",
  "self_attn.v_proj": "attention.value",
  "self_attn.o_proj": "attention.output",
  "mlp.gate_proj": "mlp.gate",
  "mlp.up_proj": "mlp.up",
  "mlp.down_proj": "mlp.output",
} as const;

type ProjectionName = keyof typeof projectionSites;

function sitesOf(shape: LlamaShape): Architecture["sites"] {
  const { width, hidden, heads } = shape;
  const projected = Object.entries(projections(shape)).map(([module, [inputs, outputs]]) => {
    const weight = (block: number) => `${blockPrefix(block)}.${module}.weight`;
    const projection = { module, inputs, weight };
    return [projectionSites[module as ProjectionName], { width: outputs, projection }] as const;
  });
  return {
    "embedding.output": { width },
    "block.input": { width },
    ...Object.fromEntries(projected),
    "attention.head.output": { width: heads.heads * heads.headWidth, heads: heads.heads },
    "mlp.activation": { width: hidden },
    "block.output": { width },
    "finalNorm.output": { width },
  };
}

const unedited: EditHook = (_, hidden) => hidden;

function weightShapes(shape: LlamaShape): Map<string, readonly number[]> {
  const { width, blocks, vocabularySize, tiedEmbeddings } = shape;
  const weights = new Map<string, readonly number[]>([["model.embed_tokens.weight", [vocabularySize, width]]]);
  for (let block = 0; block < blocks; block++) {
    const prefix = blockPrefix(block);
    weights.set(`${prefix}.input_layernorm.weight`, [width]);
    weights.set(`${prefix}.post_attention_layernorm.weight`, [width]);
    for (const [name, [from, to, biased]] of Object.entries(projections(shape))) {
      weights.set(`${prefix}.${name}.weight`, [to, from]);
      if (biased) weights.set(`${prefix}.${name}.bias`, [to]);
    }
  }
  weights.set("model.norm.weight", [width]);
  if (!tiedEmbeddings) weights.set("lm_head.weight", [vocabularySize, width]);
  return weights;
}

function forward(shape: LlamaShape, segment: Segment, source: WeightSource): SegmentResult {
  const { width, blocks, vocabularySize } = shape;
  const edit = segment.edit ?? unedited;
  const embedded = o.gatherRows(source("model.embed_tokens.weight", [vocabularySize, width]), segment.tokens);
  let hidden = edit({ block: undefined, name: "embedding.output" }, embedded);
  const hiddenStates = [hidden];
  const keyValues: KeyValues[] = [];
  for (let block = 0; block < blocks; block++) {
    const at: BlockEdit = (name, value, projection) => edit({ block, name }, value, projection);
    const result = runBlock(shape, block, at("block.input", hidden), segment, source, at);
    hidden = at("block.output", result.hidden);
    hiddenStates.push(hidden);
    keyValues.push(result.keyValues);
  }
  return { hiddenStates, keyValues };
}

/** What is made of the representation at a site of the block at hand. */
type BlockEdit = (name: SiteName, hidden: Value, projection?: Projection) => Value;

function runBlock(
  shape: LlamaShape,
  block: number,
  hidden: Value,
  segment: Segment,
  source: WeightSource,
  edit: BlockEdit,
) {
  const { width, epsilon, heads } = shape;
  const prefix = blockPrefix(block), table = projections(shape);
  const project = (name: ProjectionName, input: Value) => {
    const [from, to, biased] = table[name];
    const bias = biased ? source(`${prefix}.${name}.bias`, [to]) : undefined;
    const weight = source(`${prefix}.${name}.weight`, [to, from]);
    return edit(projectionSites[name], linear(input, weight, bias), { input, weight, bias });
  };
  const norm = (name: string, x: Value) => o.rmsNorm(x, source(`${prefix}.${name}.weight`, [width]), epsilon);
  const { copied } = segment;
  const { cosines, sines, mask } = copied !== undefined && block > copied.behind ? copied.places : segment;
  const rotate = (x: Value, count: number) => o.rotary(x, cosines, sines, count);

  const before = norm("input_layernorm", hidden);
  const query = rotate(project("self_attn.q_proj", before), heads.heads);
  const keyValues: KeyValues = {
    key: byHead(rotate(project("self_attn.k_proj", before), heads.keyValueHeads), heads),
    value: byHead(project("self_attn.v_proj", before), heads),
  };
  const runs = [...(segment.past ?? []).map((run) => run[block] as KeyValues), keyValues];
  const attended = edit("attention.head.output", attention(query, runs, mask, heads));
  const middle = o.add(hidden, project("self_attn.o_proj", attended));

  const inner = norm("post_attention_layernorm", middle);
  const activated = edit("mlp.activation", shape.activation(project("mlp.gate_proj", inner)));
  const gated = o.mul(activated, project("mlp.up_proj", inner));
  return { hidden: o.add(middle, project("mlp.down_proj", gated)), keyValues };
}

/** Groups of fields in config.json that many families share. @module */
import type { HeadLayout } from "../../../ops/nn/attention.ts";
import { ConfigReader } from "./config.ts";
import { isJsonObject } from "../../common/files.ts";
import { ropeFrequencies } from "./rope.ts";
import type { RopeFrequencies } from "../inputs/rotary_angles.ts";

/** The names of the fields with the extents; Llama's by default. */
interface ExtentFields {
  readonly width?: string;
  readonly blocks?: string;
  readonly heads?: string;
  readonly keyValueHeads?: string | undefined;
  readonly contextLength?: string;
}

/** A model's extents. */
export interface Extents {
  readonly width: number;
  readonly blocks: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly heads: HeadLayout;
}

/** A config that claims more blocks is wrong, and would be traced block by block. */
const mostBlocks = 1000;
/** The same limit for the width of a head, whose rotary pairs are listed one by one. */
const widestHead = 2 ** 16;

/**
 * Reads a model's extents.
 *
 * @param defaults.headWidth The width of a head if the config has no `head_dim`; `width / heads` by default.
 * @throws {RequestError} If one is missing or contradicts another.
 */
export function readExtents(
  config: ConfigReader,
  fields: ExtentFields = {},
  defaults: { readonly headWidth?: number } = {},
): Extents {
  const {
    width: widthField = "hidden_size",
    blocks = "num_hidden_layers",
    heads: headsField = "num_attention_heads",
    contextLength = "max_position_embeddings",
  } = fields;
  const keyValueField = "keyValueHeads" in fields ? fields.keyValueHeads : "num_key_value_heads";
  const width = config.count(widthField), blockCount = config.count(blocks);
  if (blockCount > mostBlocks) {
    throw config.error(`${blocks} ${blockCount} is more than the maximum of ${mostBlocks}; correct the config`);
  }
  const heads = config.count(headsField);
  const keyValueHeads = keyValueField === undefined ? heads : config.count(keyValueField, heads);
  const hasHeadWidth = config.raw("head_dim") !== undefined || defaults.headWidth !== undefined;
  if (!hasHeadWidth && width % heads !== 0) {
    throw config.error(`${widthField} ${width} does not divide into ${heads} heads; correct the config`);
  }
  if (heads % keyValueHeads !== 0) {
    throw config.error(`${heads} heads do not divide among ${keyValueHeads} key-value heads; correct the config`);
  }
  const headWidth = config.count("head_dim", defaults.headWidth ?? width / heads);
  if (headWidth > widestHead) {
    throw config.error(`head_dim ${headWidth} is more than the maximum of ${widestHead}; correct the config`);
  }
  return {
    width,
    blocks: blockCount,
    vocabularySize: config.count("vocab_size"),
    contextLength: config.count(contextLength),
    heads: { heads, keyValueHeads, headWidth },
  };
}

/** Defaults of rotary positions for fields that a config omits. */
interface RopeDefaults {
  readonly theta?: number;
  /** The share of a head that is rotated, if the config has no `partial_rotary_factor`. */
  readonly part?: number;
  readonly thetaField?: string;
  /** The kind of block, if `rope_parameters` has frequencies for each kind. */
  readonly layerType?: LayerType;
}

/**
 * The rotary frequencies that a config declares: in `rope_theta` and `rope_scaling`, or in `rope_parameters`, which
 * contains both in newer configs.
 *
 * @throws {RequestError} If a field is missing or unknown.
 */
export function readRope(
  config: ConfigReader,
  { heads: { headWidth }, contextLength }: Pick<Extents, "heads" | "contextLength">,
  { theta: defaultTheta = 10000, part = 1, thetaField = "rope_theta", layerType = "full_attention" }: RopeDefaults = {},
): RopeFrequencies {
  const name = config.raw("rope_parameters") === undefined ? "rope_scaling" : "rope_parameters";
  const declared = config.raw(name) ?? null, ofType = isJsonObject(declared) ? declared[layerType] : undefined;
  const scaling = isJsonObject(ofType) ? ofType : declared;
  if (scaling !== null && !isJsonObject(scaling)) {
    throw config.error(`${name} is neither null nor an object; correct the config`);
  }
  const within = scaling === null ? config : new ConfigReader(config.file, scaling);
  const isWithin = (field: string) => within.raw(field) !== undefined;
  const theta = isWithin("rope_theta")
    ? within.number("rope_theta", defaultTheta)
    : config.number(thetaField, defaultTheta);
  const turned = (isWithin("partial_rotary_factor") ? within : config).number("partial_rotary_factor", part);
  return ropeFrequencies({
    theta,
    headWidth: turnedWidth(config, headWidth, turned),
    contextLength,
    originalContextLength: config.raw("original_max_position_embeddings") === undefined
      ? undefined
      : config.count("original_max_position_embeddings"),
    scaling,
    file: config.file,
  });
}

/** Unscaled frequencies for the first elements of a head. */
export function plainRope(config: ConfigReader, turned: number, theta: number): RopeFrequencies {
  return ropeFrequencies({
    theta,
    headWidth: turnedWidth(config, turned, 1),
    contextLength: Infinity,
    originalContextLength: undefined,
    scaling: null,
    file: config.file,
  });
}

function turnedWidth(config: ConfigReader, headWidth: number, part: number): number {
  if (part > 1) throw config.error(`partial_rotary_factor ${part} is more than the whole head, 1; correct the config`);
  const turned = Math.floor(headWidth * part);
  if (turned % 2 !== 0 || turned === 0) {
    throw config.error(`head_dim ${turned} is odd, so it has no rotary pairs; correct the config`);
  }
  return turned;
}

/** A block's kind of attention, as listed in `layer_types` in newer configs. */
type LayerType = "full_attention" | "sliding_attention";

/**
 * The masks of a model, and each block's mask: all tokens, or those within the sliding window.
 *
 * @param isSliding Which blocks have a sliding window if the config has no `layer_types`.
 */
export function readWindows(
  config: ConfigReader,
  blocks: number,
  isSliding: (block: number) => boolean,
): { readonly masks: Readonly<Record<string, number | null>>; readonly mask: (block: number) => string } {
  const listed = config.raw("layer_types"), known: readonly LayerType[] = ["full_attention", "sliding_attention"];
  if (listed !== undefined) {
    const sound = Array.isArray(listed) && listed.length >= blocks && listed.every((type) => known.includes(type));
    if (!sound) {
      throw config.error(
        `layer_types does not name ${known.join(" or ")} for each of ${blocks} blocks; correct the config`,
      );
    }
  }
  const window = config.raw("sliding_window") === undefined ? undefined : config.count("sliding_window");
  const slides = (block: number) =>
    window !== undefined && (listed === undefined ? isSliding(block) : (listed as LayerType[])[block] === known[1]);
  const all = Array.from({ length: blocks }, (_, block) => slides(block));
  return {
    masks: {
      ...(all.every((sliding) => sliding) ? {} : { full: null }),
      ...(all.includes(true) ? { sliding: window as number } : {}),
    },
    mask: (block) => (slides(block) ? "sliding" : "full"),
  };
}

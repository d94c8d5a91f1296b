/**
 * The scaling of rotary frequencies for transformers' config.json. A GGUF file names linear, YaRN and LongRoPE scaling;
 * Llama 3's is stored as its result, one divisor for each rotary pair of a head, in `rope_freqs.weight`.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";
import { type Metadata, shortestDecimal } from "./metadata.ts";

/** What the scaling is derived from, besides metadata. */
interface RopeTensors {
  readonly theta: number;
  readonly headWidth: number;
  /** A small tensor of the file; undefined if there is none. */
  readonly tensor: (name: string) => Float32Array | undefined;
}

/**
 * The `rope_scaling` of a config.json; null if frequencies are not scaled.
 *
 * @throws {RequestError} If the scaling is unknown, or its tensor's divisors are not Llama 3's.
 */
export function ropeScaling(metadata: Metadata, rope: RopeTensors): JsonObject | null {
  const divisors = rope.tensor("rope_freqs.weight");
  if (divisors !== undefined) return llama3(metadata, divisors, rope);
  const short = rope.tensor("rope_factors_short.weight"), long = rope.tensor("rope_factors_long.weight");
  if (short !== undefined && long !== undefined) return longRope(short, long);
  const named = metadata.raw(".rope.scaling.type"), factor = metadata.raw(".rope.scaling.factor");
  const kind = named ?? (factor === undefined ? "none" : "linear");
  switch (kind) {
    case "none":
      return null;
    case "linear": {
      const slowdown = metadata.decimal(".rope.scaling.factor", 1);
      return slowdown === 1 ? null : { type: "linear", rope_type: "linear", factor: slowdown };
    }
    case "yarn":
      return yarn(metadata);
    default:
      throw metadata.error(
        `the rope scaling ${JSON.stringify(kind)} is not supported; known are none, linear, yarn, and the tensors ` +
          "rope_freqs, rope_factors_short and rope_factors_long",
      );
  }
}

function yarn(metadata: Metadata): JsonObject {
  const factor = metadata.decimal(".rope.scaling.factor");
  const optional = (field: string, key: string, of: (value: number) => number = (value) => value) =>
    metadata.raw(key) === undefined ? {} : { [field]: of(metadata.decimal(key)) };
  return {
    type: "yarn",
    rope_type: "yarn",
    factor,
    original_max_position_embeddings: metadata.count(".rope.scaling.original_context_length"),
    ...optional("beta_fast", ".rope.scaling.yarn_beta_fast"),
    ...optional("beta_slow", ".rope.scaling.yarn_beta_slow"),
    // The file's factor multiplies the paper's own.
    ...optional("attention_factor", ".rope.scaling.attn_factor", (own) => own * (0.1 * Math.log(factor) + 1)),
  };
}

function longRope(short: Float32Array, long: Float32Array): JsonObject {
  // The factor on attention follows from the context lengths; transformers has no separate field for it.
  return {
    type: "longrope",
    short_factor: Array.from(short, shortestDecimal),
    long_factor: Array.from(long, shortestDecimal),
  };
}

interface Llama3 {
  readonly factor: number;
  readonly low: number;
  readonly high: number;
  readonly original: number;
}

/**
 * Finds the settings that produce some divisors. Long wavelengths are divided by the factor, short ones by 1. In
 * between, a divisor d satisfies `(1/d − 1/factor) / (1 − 1/factor) = (original/wavelength − low) / (high − low)`, a
 * line over the inverse wavelength. Settings that are all multiplied by one number are equivalent, so the published
 * ones are tried first, and then a line with `low` = 1 is fitted.
 */
function llama3(metadata: Metadata, divisors: Float32Array, { theta, headWidth }: RopeTensors): JsonObject | null {
  const waves = Array.from(divisors, (_, pair) => 2 * Math.PI * theta ** (2 * pair / headWidth));
  const largest = divisors.reduce((most, divisor) => Math.max(most, divisor), 0);
  const factor = Number(largest.toPrecision(6)); // 8.000001 if it was computed in 32 bits
  if (divisors.every((divisor) => divisor === 1)) return null;
  const published = { factor, low: 1, high: 4, original: 8192 };
  const drawn = drawLine(divisors, waves, factor);
  const found = [published, ...(drawn === undefined ? [] : [drawn])].find((settings) =>
    divisors.every((divisor, pair) => Math.abs(divisorOf(settings, waves[pair]!) / divisor - 1) < 1e-4)
  );
  if (found === undefined || divisors.length !== headWidth / 2) {
    throw metadata.error(
      "the tensor rope_freqs.weight does not scale frequencies as Llama 3 does, and other ways are not supported",
    );
  }
  return {
    type: "llama3",
    rope_type: "llama3",
    factor,
    low_freq_factor: found.low,
    high_freq_factor: found.high,
    original_max_position_embeddings: found.original,
  };
}

function divisorOf({ factor, low, high, original }: Llama3, wave: number): number {
  const share = Math.min(1, Math.max(0, (original / wave - low) / (high - low)));
  return 1 / ((1 - share) / factor + share);
}

function drawLine(divisors: Float32Array, waves: readonly number[], factor: number): Llama3 | undefined {
  const between = [...divisors].flatMap((divisor, pair) => {
    const share = (1 / divisor - 1 / factor) / (1 - 1 / factor);
    return share > 1e-3 && share < 1 - 1e-3 ? [[1 / waves[pair]!, share] as const] : [];
  });
  const first = between[0], last = between.at(-1);
  if (first === undefined || last === undefined || first === last) return undefined;
  const slope = (first[1] - last[1]) / (first[0] - last[0]), offset = slope * first[0] - first[1];
  return { factor, low: 1, high: 1 + 1 / offset, original: slope / offset };
}

/**
 * Rotary frequencies with the scalings of Llama-family configs. The formulas are those of the papers and of
 * transformers' `modeling_rope_utils`: linear (Chen et al. 2023), dynamic NTK, llama3 (Llama 3.1), YaRN (Peng et al.
 * 2023), LongRoPE (Ding et al. 2024).
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { RopeFrequencies } from "../inputs/rotary_angles.ts";

/** The rotary part of a config.json. */
export interface RopeConfig {
  readonly theta: number;
  readonly headWidth: number;
  readonly contextLength: number;
  /** `original_max_position_embeddings`, if it is next to `rope_scaling`. */
  readonly originalContextLength: number | undefined;
  /** `rope_scaling` from the config. */
  readonly scaling: Readonly<Record<string, unknown>> | null;
  /** The config's path, for errors. */
  readonly file: string;
}

/**
 * The frequencies of a config.
 *
 * @throws {RequestError} If the scaling is unknown or one of its numbers is missing.
 */
export function ropeFrequencies(config: RopeConfig): RopeFrequencies {
  const { theta, headWidth, scaling, file } = config;
  const plain = Array.from({ length: headWidth / 2 }, (_, pair) => theta ** (-(2 * pair) / headWidth));
  const kind = scaling === null ? "default" : String(scaling["rope_type"] ?? scaling["type"] ?? "default");
  const setting = (name: string): number => {
    const number = ownValue(scaling, name);
    if (typeof number === "number" && Number.isFinite(number) && number > 0) return number;
    throw new RequestError(`rope_scaling of type ${kind} needs the positive number ${name}; correct the config`, {
      file,
    });
  };
  switch (kind) {
    case "default":
    // Within the trained context, which a prompt must not exceed, dynamic NTK does not change the frequencies.
    case "dynamic": // falls through
      return { inverseFrequencies: plain, rotaryScale: 1 };
    case "linear":
      return { inverseFrequencies: plain.map((frequency) => frequency / setting("factor")), rotaryScale: 1 };
    case "llama3":
      return { inverseFrequencies: llama3(plain, config, setting), rotaryScale: 1 };
    case "yarn":
      return yarn(plain, config, setting);
    case "longrope":
    case "su": // falls through
      return longRope(plain, config, setting);
    default:
      throw new RequestError(
        `rope_scaling type ${
          JSON.stringify(kind)
        } is not supported; known are default, linear, dynamic, llama3, yarn and longrope`,
        { file },
      );
  }
}

type Setting = (name: string) => number;

/** Low frequencies are divided by the factor, high ones are kept, and those in between are interpolated. */
function llama3(plain: readonly number[], { file }: RopeConfig, setting: Setting): number[] {
  const factor = setting("factor"), low = setting("low_freq_factor"), high = setting("high_freq_factor");
  if (low >= high) {
    throw new RequestError(
      `rope_scaling has the low_freq_factor ${low}, which is not below the high_freq_factor ${high}; correct the config`,
      { file },
    );
  }
  const original = setting("original_max_position_embeddings");
  return plain.map((frequency) => {
    const wavelength = 2 * Math.PI / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return (1 - smooth) * frequency / factor + smooth * frequency;
  });
}

/** A setting that a config may omit. */
const optional = ({ scaling }: RopeConfig, setting: Setting) => (name: string, otherwise: number): number =>
  (ownValue(scaling, name) ?? null) === null ? otherwise : setting(name);

function yarn(plain: readonly number[], config: RopeConfig, setting: Setting): RopeFrequencies {
  const { theta, headWidth } = config, factor = setting("factor"), given = optional(config, setting);
  const original = given("original_max_position_embeddings", config.contextLength);
  const rotationsAt = (rotations: number) =>
    headWidth * Math.log(original / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  const low = Math.max(Math.floor(rotationsAt(given("beta_fast", 32))), 0);
  const high = Math.min(Math.ceil(rotationsAt(given("beta_slow", 1))), headWidth - 1);
  const inverseFrequencies = plain.map((frequency, pair) => {
    const ramp = Math.min(1, Math.max(0, (pair - low) / (high === low ? 0.001 : high - low)));
    return ramp * frequency / factor + (1 - ramp) * frequency;
  });
  const otherwise = factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1;
  return { inverseFrequencies, rotaryScale: given("attention_factor", otherwise) };
}

/**
 * LongRoPE's short factors, which apply up to the context that the model was originally trained with. Beyond it the
 * long ones would apply to every token of a row, so that a token's values would depend on the final length of its row.
 */
function longRope(plain: readonly number[], config: RopeConfig, setting: Setting): RopeFrequencies {
  const { scaling, contextLength, file } = config, factors = scaling?.["short_factor"];
  const sound = Array.isArray(factors) && factors.length === plain.length &&
    factors.every((factor) => typeof factor === "number" && factor > 0);
  if (!sound) {
    throw new RequestError(
      `rope_scaling of type longrope needs the list short_factor of ${plain.length} numbers; correct the config`,
      { file },
    );
  }
  const given = optional(config, setting);
  const original = config.originalContextLength ?? given("original_max_position_embeddings", contextLength);
  const factor = contextLength / original;
  const otherwise = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  return {
    inverseFrequencies: plain.map((frequency, pair) => frequency / (factors[pair] as number)),
    rotaryScale: given("attention_factor", otherwise),
  };
}

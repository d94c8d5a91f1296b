import { RequestError } from "../common/errors.ts";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers determined by its seed. */
export interface Random {
  /** A number in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number;
  /** 32 random bits, as a signed whole number. */
  word(): number;
  /** A whole number in [0, n), for a whole n of at least 1. */
  integer(n: number): number;
  /** A number from the standard normal distribution. */
  normal(): number;
  /** The items in random order, as a new list. */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * A generator (xoroshiro128+) whose numbers depend on the seed and on their purpose, so that drawing more for one
 * purpose never changes another.
 *
 * @param seed Any finite number.
 * @param stream The purpose of the numbers, as in `createRandom(42, "shuffle", epoch)`.
 * @throws {RequestError} If the seed or a number in the stream is not finite.
 */
export function createRandom(seed: number, ...stream: readonly (string | number)[]): Random {
  const generator = xoroshiro128plusFromState(stateOf(hash([seed, ...stream])));
  let spare: number | undefined;

  const uniform = () => uniformFloat64(generator);
  const integer = (n: number) => {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new RangeError(`Expected n to be a whole number of at least 1 but found ${n}`);
    }
    return uniformInt(generator, 0, n - 1);
  };
  // Box and Muller (1958): a point's radius and angle give two independent normal numbers.
  const normal = () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  // Fisher–Yates: each position, from the last, gets one of the items not placed yet.
  const shuffle = <T>(items: readonly T[]): T[] => {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const chosen = integer(last + 1);
      [shuffled[last], shuffled[chosen]] = [shuffled[chosen]!, shuffled[last]!];
    }
    return shuffled;
  };
  return { uniform, word: () => generator.next(), integer, normal, shuffle };
}

/** 64-bit FNV-1a of the parts as JSON, which distinguishes 1 from "1", and ["a", "b"] from ["ab"]. */
function hash(parts: readonly (string | number)[]): bigint {
  for (const part of parts) {
    if (typeof part === "number" && !Number.isFinite(part)) {
      throw new RequestError(`expected a random seed to be a finite number but found ${part}; correct it, as in 42`);
    }
  }
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(JSON.stringify(parts))) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value;
}

/**
 * Four 32-bit words from SplitMix64, as xoroshiro's authors advise: similar seeds must not give similar first numbers.
 */
function stateOf(seed: bigint): number[] {
  const words: number[] = [];
  for (let step = 1n; step <= 2n; step++) {
    let word = BigInt.asUintN(64, seed + step * 0x9e3779b97f4a7c15n);
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
    word ^= word >> 31n;
    words.push(Number(BigInt.asIntN(32, word >> 32n)), Number(BigInt.asIntN(32, word)));
  }
  return words;
}

/** Stores numbers with fewer bits, and measures how much that loses. @module */
import { RequestError } from "../../common/errors.ts";

/** The types that a merged model can be stored in, by safetensors' names. */
export const storedTypes = { f32: "F32", bf16: "BF16", f16: "F16" } as const;

/** A type as the command line names it. */
export type StoredName = keyof typeof storedTypes;

/** A type as safetensors names it. */
export type StoredType = (typeof storedTypes)[StoredName];

/** How a type's elements are written and read. */
interface Storage {
  /** The type's name in torch. */
  readonly torch: string;
  readonly bytes: number;
  /** The nearest numbers that the type can represent, as their bits. */
  readonly narrow: (elements: Float32Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** The nearest number that the type can represent. */
  readonly round: (element: number) => number;
}

const bits = new Uint32Array(1), number = new Float32Array(bits.buffer);

/** The upper half of a 32-bit float, rounded to nearest, ties to even; a NaN stays one. */
function upperHalf(word: number): number {
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** By safetensors' names. */
export const storages: Readonly<Record<StoredType, Storage>> = {
  F32: {
    torch: "float32",
    bytes: 4,
    narrow: ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    round: (element) => element,
  },
  BF16: {
    torch: "bfloat16",
    bytes: 2,
    narrow(elements) {
      const words = new Uint32Array(elements.buffer, elements.byteOffset, elements.length);
      // A loop takes a fortieth of the time of from().
      const halves = new Uint16Array(words.length);
      for (let at = 0; at < words.length; at++) halves[at] = upperHalf(words[at]!);
      return new Uint8Array(halves.buffer);
    },
    round(element) {
      number[0] = element;
      bits[0] = upperHalf(bits[0]!) << 16;
      return number[0]!;
    },
  },
  F16: {
    torch: "float16",
    bytes: 2,
    narrow: (elements) => new Uint8Array(new Float16Array(elements).buffer),
    round: Math.f16round,
  },
};

/** Whether a type is one of those that weights are computed from. */
export function isStoredType(dtype: string): dtype is StoredType {
  return Object.hasOwn(storages, dtype);
}

/**
 * A tensor's bytes in a type.
 *
 * @throws {RequestError} If a number is too large for the type.
 */
export function stored(name: string, elements: Float32Array<ArrayBuffer>, type: StoredType): Uint8Array<ArrayBuffer> {
  const { narrow, round, torch } = storages[type];
  if (type !== "F32") {
    const lost = elements.find((element) => Number.isFinite(element) && !Number.isFinite(round(element)));
    if (lost !== undefined) {
      throw new RequestError(`the tensor ${name} holds ${lost}, too large for ${torch}; use --dtype f32`);
    }
  }
  return narrow(elements);
}

/** How far rounding moved merged tensors: sums of squares over all tensors added. */
export class RoundingLoss {
  #lost = 0;
  #learned = 0;
  #whole = 0;

  /** Adds a merged tensor. */
  add(merged: Float32Array, frozen: Float32Array | undefined, type: StoredType): void {
    const { round } = storages[type];
    for (const [at, element] of merged.entries()) {
      this.#lost += (round(element) - element) ** 2;
      this.#learned += (element - (frozen?.[at] ?? 0)) ** 2;
      this.#whole += element ** 2;
    }
  }

  /**
   * The change by rounding relative to the tensors, and relative to what was learned; `undefined` if it changed
   * nothing.
   */
  get shares(): { readonly ofWeights: number; readonly ofLearned: number } | undefined {
    if (this.#lost === 0) return undefined;
    return { ofWeights: Math.sqrt(this.#lost / this.#whole), ofLearned: Math.sqrt(this.#lost / this.#learned) };
  }
}

/**
 * numpy's `PCG64(SeedSequence(seed))`: O'Neill's PCG XSL RR 128/64 (2014), begun with the words that her `seed_seq_fe128`
 * mixes of a seed.
 *
 * @module
 */

/** Unsigned numbers of so many bits. */
const [low64, low128] = [2n ** 64n - 1n, 2n ** 128n - 1n];

const multiplier = (2549297995355413924n << 64n) + 4865540595714422341n;

/** A stream of words. */
export class Pcg64 {
  #state = 0n;
  readonly #increment: bigint;
  /** The upper half of the last 64 bits, where only the lower one was taken. */
  #upper: number | undefined;

  /** @param seed A whole number from 0 to below 2^32. */
  constructor(seed: number) {
    const words = seedWords(seed, 8), at = (half: number) => BigInt(words[half]!) | BigInt(words[half + 1]!) << 32n;
    const initial = at(0) << 64n | at(2), sequence = at(4) << 64n | at(6);
    this.#increment = (sequence << 1n | 1n) & low128;
    this.#step();
    this.#state = this.#state + initial & low128;
    this.#step();
  }

  /** The next 32 bits: of 64 the lower ones first. */
  uint32(): number {
    const kept = this.#upper;
    this.#upper = undefined;
    if (kept !== undefined) return kept;
    this.#step();
    const folded = this.#state >> 64n ^ this.#state & low64, turn = this.#state >> 122n;
    const word = (folded >> turn | folded << (64n - turn & 63n)) & low64;
    this.#upper = Number(word >> 32n);
    return Number(word & 0xffff_ffffn);
  }

  /** A number from 0 to so many, itself included: the first that is no greater, of as many bits as that has. */
  upTo(most: number): number {
    const mask = most === 0 ? 0 : 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  #step(): void {
    this.#state = this.#state * multiplier + this.#increment & low128;
  }
}

/** `numpy.random.SeedSequence(seed).generate_state(count)`. */
function seedWords(seed: number, count: number): number[] {
  let hashing = 0x43b0d7e5;
  const hashed = (value: number) => {
    const mixed = value ^ hashing;
    hashing = Math.imul(hashing, 0x931e8875);
    return folded(Math.imul(mixed, hashing));
  };
  const pool = [seed, 0, 0, 0].map(hashed);
  for (const source of pool.keys()) {
    for (const target of pool.keys()) {
      if (source === target) continue;
      const left = Math.imul(pool[target]!, 0xca01f9dd), right = Math.imul(hashed(pool[source]!), 0x4973f715);
      pool[target] = folded(left - right);
    }
  }
  let giving = 0x8b51f9dd;
  return Array.from({ length: count }, (_, at) => {
    const mixed = pool[at % pool.length]! ^ giving;
    giving = Math.imul(giving, 0x58f38ded);
    return folded(Math.imul(mixed, giving)) >>> 0;
  });
}

const folded = (value: number) => value ^ value >>> 16;

/**
 * Caching the beginning that prompts have in common with one of them, which is read on its own: a prompt's likelihoods
 * then do not depend on which prompts were read before it.
 *
 * @module
 */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Generator } from "./continuation.ts";
import { type BlockKeys, blockKeys, type PrefixCache } from "./prefix_cache.ts";
import { type CachedBeginnings, rateAnswers } from "./rate_answers.ts";

/** Reads one of some prompts, unless it is cached as a whole, and returns what the others may begin with. */
export async function cacheBeginning(
  generator: Generator,
  one: TokenizedPrompt,
  prefixes: PrefixCache,
): Promise<CachedBeginnings> {
  const keysIn = (reading: number) => (prompt: TokenizedPrompt): BlockKeys => {
    const [key, ...others] = blockKeys(generator, prompt).slice(0, prefixes.mostBlocks);
    return key === undefined ? [] : [`${one.prompt}|${reading}|${key}`, ...others];
  };
  let reading = 0, keys = keysIn(reading)(one);
  // What remains of an earlier reading is no part of a new one, since a prompt read in other parts is rounded otherwise.
  for (let found = prefixes.find(keys).length; found > 0 && found < keys.length;) {
    keys = keysIn(++reading)(one);
    found = prefixes.find(keys).length;
  }
  if (prefixes.find(keys).length < keys.length) {
    await rateAnswers(generator, [{ prompt: one, answers: [[0]] }], { prefixes, keysOf: keysIn(reading) });
  }
  const cached = keys.slice(0, prefixes.find(keys).length), keysOf = keysIn(reading);
  return {
    prefixes,
    keysOf(prompt) {
      const own = keysOf(prompt), other = own.findIndex((key, at) => key !== cached[at]);
      return other < 0 ? own : own.slice(0, other);
    },
  };
}

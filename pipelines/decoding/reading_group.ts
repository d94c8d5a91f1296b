/** Which of the waiting prompts are prefilled together. @module */
import { bytesOf, type Entry, rowsOf } from "./entry.ts";
import type { OddRounding } from "./continuation.ts";
import type { PrefixCache } from "./prefix_cache.ts";
import { chunkTokens } from "./reading.ts";

/** An engine's limits on simultaneous work. */
export interface EngineLimits {
  /** The maximum number of rows in all batches. */
  readonly rows: number;
  /**
   * How many rows must be free for prompts to be prefilled while rows are decoded: with fewer, prompts start sooner.
   */
  readonly leastFree: number;
  /** The maximum number of prompt tokens in a run, including padding, unless a single prompt has more. */
  readonly promptTokens: number;
  /** The same while rows are decoded, which wait for it; equal to `promptTokens` if omitted. */
  readonly promptTokensBeside?: number;
  /** The maximum bytes of the keys and values of all prompts and continuations, unless a single prompt takes more. */
  readonly keyValueBytes: number;
  /** The maximum bytes of the prefix cache; there is none if omitted. */
  readonly prefixBytes?: number;
  /** For which roundings the last row is decoded twice where it would be rounded differently than among others. */
  readonly completes?: readonly OddRounding[];
}

/** The engine's state besides the waiting prompts. */
interface Beside {
  /** The entries that are being decoded. */
  readonly written: readonly Entry[];
  /** The prefix cache of the first prompt's model. */
  readonly prefixes: PrefixCache | undefined;
}

/** How many blocks a prompt must share with another to wait for it, which delays it by a run. */
const leastShared = 2;

/** The maximum number of tokens whose logits are in memory at once, if those of every token are wanted. */
const mostRated = 2 * chunkTokens;

/** The waiting prompts that are prefilled together next: those of the first one's model, as far as there is room. */
export function nextGroup(
  waiting: readonly Entry[],
  limits: EngineLimits,
  { written, prefixes }: Beside,
): readonly Entry[] {
  const together = waiting[0]?.together;
  if (together === undefined) return fitting(waiting, limits, { written, prefixes });
  const group = fitting(waiting.filter((entry) => entry.together === together), limits, { written: [], prefixes });
  return fitting(group, limits, { written, prefixes }).length === group.length ? group : [];
}

function fitting(waiting: readonly Entry[], limits: EngineLimits, { written, prefixes }: Beside): readonly Entry[] {
  const { rows, promptTokens, promptTokensBeside = promptTokens, keyValueBytes, leastFree } = limits;
  const [first] = waiting, taken = written.reduce((sum, { steps }) => sum + steps.length, 0);
  if (first === undefined || written.length > 0 && rows - taken < leastFree) return [];
  const mostTokens = written.length === 0 ? promptTokens : promptTokensBeside, group: Entry[] = [];
  for (const entry of waiting) {
    if (entry.generator !== first.generator || followsOne(entry, group, prefixes)) continue;
    const all = [...group, entry], bytes = [...written, ...all].reduce((sum, each) => sum + bytesOf(each), 0);
    const isRated = all.some(({ onPromptLogits }) => onPromptLogits !== undefined);
    const tokens = Math.max(...all.map(chunkOf)) * all.length,
      most = isRated ? Math.min(mostTokens, mostRated) : mostTokens;
    const isOver = rowsOf([...written, ...all]) > rows || bytes > keyValueBytes || tokens > most && group.length > 0;
    // A prompt that exceeds the limits by itself is processed alone.
    if (isOver && all.length + written.length > 1) break;
    group.push(entry);
  }
  return group;
}

/** Whether a prompt begins like one that is about to be prefilled, so that it waits for that one's cached blocks. */
function followsOne(
  { keys, onPromptLogits }: Entry,
  group: readonly Entry[],
  prefixes: PrefixCache | undefined,
): boolean {
  if (prefixes === undefined || onPromptLogits !== undefined) return false;
  const shared = prefixes.find(keys).length + leastShared, first = keys.slice(0, shared);
  return first.length === shared && group.some((other) => first.every((key, block) => key === other.keys[block]));
}

/** The maximum number of a prompt's tokens in one run. */
function chunkOf({ generator, prompt: { prompt } }: Entry): number {
  return generator.extend === undefined ? prompt.length : Math.min(chunkTokens, prompt.length);
}

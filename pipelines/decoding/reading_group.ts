/** Which of the prompts that wait are read together. @module */
import { bytesOf, type Entry, rowsOf } from "./entry.ts";
import type { PrefixCache } from "./prefix_cache.ts";
import { chunkTokens } from "./reading.ts";

/** What an engine does at once. */
export interface EngineLimits {
  /** The most rows of all batches. */
  readonly rows: number;
  /** How many rows have to be free for prompts to be read beside rows that are written: few, and they begin sooner. */
  readonly leastFree: number;
  /** The most tokens of prompts that a run reads, padding included, unless one prompt has more. */
  readonly promptTokens: number;
  /** The same beside rows that are written, which wait for it; as many if omitted. */
  readonly promptTokensBeside?: number;
  /** The most bytes of the keys and values of all that is read and may be written, unless one prompt takes more. */
  readonly keyValueBytes: number;
  /** The most bytes of the keys and values that are kept of what prompts begin with; none if omitted. */
  readonly prefixBytes?: number;
}

/** What there is beside the prompts that wait. */
interface Beside {
  /** The entries that are written. */
  readonly written: readonly Entry[];
  /** What is kept of the beginnings of prompts for the first one's model. */
  readonly prefixes: PrefixCache | undefined;
}

/** How many blocks a prompt has to share with another to wait for it, which costs it a run. */
const leastShared = 2;

/** Of how many tokens the logits of what follows are there at once, where they are wanted of each. */
const mostRated = 2 * chunkTokens;

/** The waiting prompts that are read together next: those of the first one's model, as far as there is room. */
export function nextGroup(
  waiting: readonly Entry[],
  limits: EngineLimits,
  { written, prefixes }: Beside,
): readonly Entry[] {
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
    // What is too much by itself is written when nothing else is.
    if (isOver && all.length + written.length > 1) break;
    group.push(entry);
  }
  return group;
}

/** Whether a prompt begins as one that is about to be read, so that it waits for what is kept of that. */
function followsOne(
  { keys, onPromptLogits }: Entry,
  group: readonly Entry[],
  prefixes: PrefixCache | undefined,
): boolean {
  if (prefixes === undefined || onPromptLogits !== undefined) return false;
  const shared = prefixes.find(keys).length + leastShared, first = keys.slice(0, shared);
  return first.length === shared && group.some((other) => first.every((key, block) => key === other.keys[block]));
}

/** The most tokens of a prompt that a run reads. */
function chunkOf({ generator, prompt: { prompt } }: Entry): number {
  return generator.extend === undefined ? prompt.length : Math.min(chunkTokens, prompt.length);
}

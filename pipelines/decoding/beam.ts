/** Beam search as transformers has it. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import { Continuation, type Generator, type Logits, readBefore, roomOf } from "./continuation.ts";
import { logSoftmax, penalizeRepetition } from "./logits.ts";

/** Settings of a beam search. */
export interface BeamSearch {
  readonly maxNewTokens: number;
  /** How many continuations are followed. */
  readonly beams: number;
  /** A finished continuation's log-likelihood is divided by its length to this power. */
  readonly lengthPenalty: number;
  readonly repetitionPenalty: number;
}

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly score: number;
}

interface Candidate {
  readonly beam: number;
  readonly token: number;
  readonly sum: number;
}

/** One prompt's beams. */
class Search {
  readonly #settings: BeamSearch;
  readonly #prompt: readonly number[];
  readonly #endTokens: ReadonlySet<number>;
  readonly #finished: Hypothesis[] = [];
  /** What each beam has written. */
  written: readonly (readonly number[])[];
  #sums: readonly number[];
  isDone = false;

  constructor(settings: BeamSearch, prompt: readonly number[], endTokens: ReadonlySet<number>) {
    this.#settings = settings;
    this.#prompt = prompt;
    this.#endTokens = endTokens;
    this.written = Array.from({ length: settings.beams }, () => []);
    // All beams start as the prompt, so only the first may continue it at first.
    this.#sums = this.written.map((_, beam) => (beam === 0 ? 0 : -1e9));
  }

  /** Continues the beams; gives the beam that each of the new ones comes from. */
  advance(logits: (beam: number) => Float32Array): readonly number[] {
    const { beams } = this.#settings;
    const ranked = this.#candidates(logits, Math.max(2, 1 + this.#endTokens.size) * beams);
    const next: Candidate[] = [];
    for (const [rank, candidate] of ranked.entries()) {
      const { beam, token, sum } = candidate;
      if (!this.#endTokens.has(token)) next.push(candidate);
      else if (rank < beams) this.#finish(this.written[beam]!, sum, this.written[beam]!.length + 1);
      if (next.length === beams) break;
    }
    this.written = next.map(({ beam, token }) => [...this.written[beam]!, token]);
    this.#sums = next.map(({ sum }) => sum);
    const attainable = ranked[0]!.sum / this.written[0]!.length ** this.#settings.lengthPenalty;
    this.isDone = this.#finished.length >= beams && Math.min(...this.#finished.map(({ score }) => score)) >= attainable;
    return next.map(({ beam }) => beam);
  }

  best(): readonly number[] {
    if (!this.isDone) this.written.forEach((tokens, beam) => this.#finish(tokens, this.#sums[beam]!, tokens.length));
    return this.#finished.reduce((best, each) => (each.score > best.score ? each : best)).tokens;
  }

  #candidates(logits: (beam: number) => Float32Array, count: number): Candidate[] {
    const candidates = this.written.flatMap((written, beam) => {
      const likelihoods = Float32Array.from(logSoftmax(logits(beam)));
      const penalized = penalizeRepetition(
        likelihoods,
        [...this.#prompt, ...written],
        this.#settings.repetitionPenalty,
      );
      return likeliest(penalized, count).map((token) => {
        return { beam, token, sum: Math.fround(penalized[token]! + this.#sums[beam]!) };
      });
    });
    return candidates.sort((a, b) => b.sum - a.sum || a.beam - b.beam || a.token - b.token).slice(0, count);
  }

  /** Keeps the best `beams` of the finished. */
  #finish(tokens: readonly number[], sum: number, length: number): void {
    this.#finished.push({ tokens, score: sum / length ** this.#settings.lengthPenalty });
    this.#finished.sort((a, b) => b.score - a.score);
    this.#finished.length = Math.min(this.#finished.length, this.#settings.beams);
  }
}

/** The tokens with the largest scores, in order. */
function likeliest(scores: Float32Array, count: number): number[] {
  const kept: number[] = [];
  for (let token = 0; token < scores.length; token++) {
    if (kept.length === count && scores[token]! <= scores[kept[count - 1]!]!) continue;
    let at = kept.length;
    while (at > 0 && scores[kept[at - 1]!]! < scores[token]!) at--;
    kept.splice(at, 0, token);
    if (kept.length > count) kept.pop();
  }
  return kept;
}

/**
 * The likeliest continuations that a beam search finds.
 *
 * @returns The new tokens of each prompt, without the end-of-sequence token.
 */
export async function searchBeams(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  settings: BeamSearch,
): Promise<number[][]> {
  const { beams, maxNewTokens } = settings;
  const before = prompts.map((prompt) => readBefore(generator, prompt));
  const searches = before.map((read) => new Search(settings, read, generator.endTokens));
  const longest = Math.max(...before.map(({ length }) => length));
  const room = Math.min(maxNewTokens, roomOf(generator) - longest);
  const start = { room: maxNewTokens, copies: beams };
  const { continuation, logits } = await Continuation.start(generator, prompts, start);
  const advance = (logits: Logits) =>
    searches.flatMap((search, prompt) => {
      const row = (beam: number) => prompt * beams + beam;
      const from = search.isDone ? search.written.map((_, beam) => beam) : search.advance((beam) => logits(row(beam)));
      return from.map(row);
    });
  let from = room > 0 ? advance(logits) : [];
  for (let step = 1; step < room && searches.some(({ isDone }) => !isDone); step++) {
    const tokens = searches.flatMap(({ written }) => written.map((each) => each[each.length - 1] ?? 0));
    from = advance(await continuation.next(tokens, from));
  }
  return searches.map((search) => [...search.best()]);
}

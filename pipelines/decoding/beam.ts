/** Beam search as transformers has it. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { DecodingSpec, Resolved } from "../spec/mod.ts";
import { type Generator, type Logits, readBefore, roomOf, type Step } from "./continuation.ts";
import { continuePrompts } from "./continue_prompts.ts";
import { logSoftmax, penalizeRepetition } from "./logits.ts";
import type { Writer } from "./writer.ts";

/** Settings of a beam search. */
type BeamSearch = Extract<Resolved<DecodingSpec>, { kind: "beam" }>;

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
class Search implements Writer {
  readonly room: number;
  readonly #settings: BeamSearch;
  readonly #prompt: readonly number[];
  readonly #endTokens: ReadonlySet<number>;
  readonly #finished: Hypothesis[] = [];
  /** What each beam has written. */
  #written: readonly (readonly number[])[];
  #sums: readonly number[];
  /** Whether no open beam is of interest any more. */
  #isSettled = false;

  constructor(settings: BeamSearch, generator: Generator, prompt: TokenizedPrompt) {
    this.#settings = settings;
    this.#prompt = readBefore(generator, prompt);
    this.#endTokens = generator.endTokens;
    this.room = Math.min(settings.maxNewTokens, roomOf(generator) - this.#prompt.length);
    this.#written = Array.from({ length: settings.beams }, () => []);
    // All beams start as the prompt, so only the first may continue it at first.
    this.#sums = this.#written.map((_, beam) => (beam === 0 ? 0 : -1e9));
  }

  get rows(): number {
    return this.#settings.beams;
  }

  get isDone(): boolean {
    return this.#isSettled || this.#length >= this.room;
  }

  advance(logits: Logits): readonly Step[] {
    const { beams } = this.#settings;
    const ranked = this.#candidates(logits, Math.max(2, 1 + this.#endTokens.size) * beams);
    const next: Candidate[] = [];
    for (const [rank, candidate] of ranked.entries()) {
      const { beam, token, sum } = candidate;
      if (!this.#endTokens.has(token)) next.push(candidate);
      else if (rank < beams) this.#finish(this.#written[beam]!, sum, this.#length + 1);
      if (next.length === beams) break;
    }
    this.#written = next.map(({ beam, token }) => [...this.#written[beam]!, token]);
    this.#sums = next.map(({ sum }) => sum);
    this.#isSettled = this.#finished.length >= beams && this.#isEnough(ranked[0]!.sum);
    return next.map(({ beam, token }) => ({ from: beam, token }));
  }

  best(): readonly number[] {
    if (!this.#isSettled) {
      this.#written.forEach((tokens, beam) => this.#finish(tokens, this.#sums[beam]!, this.#length));
    }
    return this.#finished.reduce((best, each) => (each.score >= best.score ? each : best)).tokens;
  }

  /** How many tokens each open beam has written. */
  get #length(): number {
    return this.#written[0]!.length;
  }

  #candidates(logits: Logits, count: number): Candidate[] {
    const candidates = this.#written.flatMap((written, beam) => {
      const likelihoods = Float32Array.from(logSoftmax(logits(beam)));
      const penalized = penalizeRepetition(
        likelihoods,
        [...this.#prompt, ...written],
        this.#settings.repetitionPenalty ?? 1,
      );
      return likeliest(penalized, count).map((token) => {
        return { beam, token, sum: Math.fround(penalized[token]! + this.#sums[beam]!) };
      });
    });
    return candidates.sort((a, b) => b.sum - a.sum || a.beam - b.beam || a.token - b.token).slice(0, count);
  }

  /**
   * Whether the finished are better than what could still be written: by a length as long as can be where that favours
   * the open beams and nothing is to be missed, else by the present one.
   */
  #isEnough(likeliest: number): boolean {
    const { earlyStopping = false, lengthPenalty } = this.#settings;
    if (earlyStopping === true) return true;
    const length = earlyStopping === "never" && lengthPenalty > 0 ? this.room : this.#length;
    return this.#worst >= likeliest / length ** lengthPenalty;
  }

  /** Keeps the best `beams` of the finished. */
  #finish(tokens: readonly number[], sum: number, length: number): void {
    const score = sum / length ** this.#settings.lengthPenalty, worst = this.#worst;
    if (this.#finished.length < this.#settings.beams) this.#finished.push({ tokens, score });
    else if (score > worst) {
      this.#finished.splice(this.#finished.findIndex((each) => each.score === worst), 1);
      this.#finished.push({ tokens, score });
    }
  }

  get #worst(): number {
    return Math.min(...this.#finished.map(({ score }) => score));
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
 * The likeliest continuations that a beam search finds. A prompt that would outgrow the model's context ends there.
 *
 * @param rows The most beams that are written at once; all of them if omitted.
 * @returns The new tokens of each prompt, without the end-of-sequence token.
 */
export async function searchBeams(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  settings: BeamSearch,
  rows?: number,
): Promise<number[][]> {
  const searches = prompts.map((prompt) => new Search(settings, generator, prompt));
  await continuePrompts(generator, prompts, searches, rows);
  return searches.map((search) => [...search.best()]);
}

/** Beam search as in transformers. @module */
import { createRandom } from "../data/random.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import type { DecodingSpec, Resolved } from "../spec/mod.ts";
import { type Candidate, type Take, takeDrawn, takeLikeliest } from "./beam_candidates.ts";
import { type Generator, readBefore, roomOf, type Step } from "./continuation.ts";
import type { Logits } from "./row_logits.ts";
import { continuePrompts } from "./continue_prompts.ts";
import type { EngineShare } from "./engine_share.ts";
import { limitRepetition, logSoftmax } from "./logits.ts";
import type { Writer } from "./writer.ts";

type Settings<K> = Extract<Resolved<DecodingSpec>, { kind: K }>;

/** Settings of a search. */
type BeamSearch = Settings<"beam" | "beamSample">;

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly score: number;
}

/** One prompt's beams. */
class Search implements Writer {
  readonly room: number;
  readonly #settings: BeamSearch;
  readonly #take: Take;
  readonly #prompt: readonly number[];
  readonly #endTokens: ReadonlySet<number>;
  readonly #finished: Hypothesis[] = [];
  /** The tokens that each beam has generated. */
  #written: readonly (readonly number[])[];
  #sums: readonly number[];
  /** Whether open beams no longer matter. */
  #isSettled = false;

  constructor(settings: BeamSearch, take: Take, generator: Generator, prompt: TokenizedPrompt) {
    this.#settings = settings;
    this.#take = take;
    this.#prompt = readBefore(generator, prompt);
    this.#endTokens = generator.endTokens;
    this.room = Math.min(settings.maxNewTokens, roomOf(generator) - this.#prompt.length);
    this.#written = Array.from({ length: settings.beams }, () => []);
    // All beams start as the prompt, so only the first may continue in the first step.
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
    const likelihoods = this.#written.map((written, beam) => {
      const read = Float32Array.from(logSoftmax(logits(beam)));
      return limitRepetition(read, [...this.#prompt, ...written], this.#settings);
    });
    const ranked = this.#take({ likelihoods, sums: this.#sums }, leastOf(this.#endTokens) * beams);
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

  /** How many tokens each open beam has generated. */
  get #length(): number {
    return this.#written[0]!.length;
  }

  /**
   * Whether the finished beams are better than any open beam could become: judged at the maximum length if that favours
   * the open beams and no result may be missed, otherwise at the current length.
   */
  #isEnough(likeliest: number): boolean {
    const { earlyStopping = false, lengthPenalty } = this.#settings;
    if (earlyStopping === true) return true;
    const length = earlyStopping === "never" && lengthPenalty > 0 ? this.room : this.#length;
    return this.#worst >= likeliest / length ** lengthPenalty;
  }

  /** Adds a finished beam and keeps the best `beams` of them. */
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

/** How many tokens a beam must offer, so that at least one of them does not end the sequence. */
const leastOf = (endTokens: ReadonlySet<number>) => Math.max(2, 1 + endTokens.size);

/**
 * The likeliest continuations that a beam search finds. Generation also ends at the end of the model's context.
 *
 * @param share The engine to use; if omitted, all beams are decoded at once, as far as memory allows.
 * @returns The new tokens of each prompt, without the end-of-sequence token.
 */
export function searchBeams(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  settings: Settings<"beam">,
  share?: EngineShare,
): Promise<number[][]> {
  return search(generator, prompts, settings, () => takeLikeliest, share);
}

/**
 * The likeliest of the continuations that a beam search samples. Generation also ends at the end of the model's
 * context.
 *
 * @param streams The numbers of the prompts' random streams.
 * @param share The engine to use; if omitted, all beams are decoded at once, as far as memory allows.
 * @returns The new tokens of each prompt, without the end-of-sequence token.
 */
export function sampleBeams(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  streams: readonly number[],
  settings: Settings<"beamSample">,
  share?: EngineShare,
): Promise<number[][]> {
  return search(generator, prompts, settings, (row) => {
    const random = createRandom(settings.seed, "beamSample", streams[row]!);
    return takeDrawn(settings, leastOf(generator.endTokens), random);
  }, share);
}

async function search(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  settings: BeamSearch,
  takeOf: (row: number) => Take,
  share: EngineShare | undefined,
): Promise<number[][]> {
  const searches = prompts.map((prompt, row) => new Search(settings, takeOf(row), generator, prompt));
  await continuePrompts(generator, prompts, searches, share);
  return searches.map((search) => [...search.best()]);
}

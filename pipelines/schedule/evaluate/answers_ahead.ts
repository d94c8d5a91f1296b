/**
 * Evaluations that answer one after another with one engine: when one has handed its last prompts to the engine, the
 * next begins, so that its rows take the places that become free. This changes no answer, because a row's logits do not
 * depend on the rows that are decoded with it.
 *
 * @module
 */
import { StoppedError } from "../../common/errors.ts";
import { actsOnCompletion } from "../../compile/lower/adaptation.ts";
import type { Engine } from "../../decoding/engine.ts";
import { engineOf, EngineShare } from "../../decoding/engine_share.ts";
import { writtenOf } from "../../decoding/kinds.ts";
import { providerRuntimes } from "../../runtime/providers.ts";
import type { RunContext } from "../context/run_context.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { Answered } from "./answering.ts";
import { answeringOf } from "./answers.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { commonWork, textWork } from "./evaluation_keys.ts";

/** How many evaluations are answered at once: each has a session that reads prompts, and one decodes for all. */
const mostOpen = 3;

/** The next evaluation in order after one, if it can begin before its turn. */
type NextJob = (after: PreparedEvaluation) => Promise<EvaluateJob | undefined>;

/** An evaluation that is being answered. */
interface Begun {
  readonly job: EvaluateJob;
  readonly answers: Promise<Answered>;
  readonly share: EngineShare;
  readonly engine: Engine;
  /** Whether the engine has all its prompts, or nothing is to be generated. */
  isHandedOver: boolean;
  isDone: boolean;
  /** Whether it is its turn. */
  isAwaited: boolean;
}

/** Answers evaluations in order, some of them ahead of their turn. */
export class AnswersAhead implements AsyncDisposable {
  readonly #runContext: RunContext;
  readonly #next: NextJob;
  readonly #engines = new Map<number, Engine>();
  readonly #begun = new Map<PreparedEvaluation, Begun>();
  readonly #closing = new AbortController();
  #last: PreparedEvaluation | undefined;
  /** The next evaluation after the last one that began, once it is looked up. */
  #candidate: Promise<EvaluateJob | undefined> | undefined;
  #isLooking = false;

  constructor(runContext: RunContext, next: NextJob) {
    this.#runContext = runContext;
    this.#next = next;
  }

  /** The answers of an evaluation whose turn it is. */
  async of(job: EvaluateJob): Promise<Answered> {
    const begun = this.#begun.get(job.stage) ?? this.#begin(job, false);
    begun.isAwaited = true;
    try {
      return await begun.answers;
    } finally {
      this.#begun.delete(job.stage);
    }
  }

  /** Stops what was begun ahead of its turn; the answers so far are kept in the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new StoppedError(1));
    await Promise.allSettled([...this.#begun.values()].map(({ answers }) => answers));
  }

  #begin(job: EvaluateJob, isAhead: boolean): Begun {
    const { stage } = job, { decoding } = stage.spec, { signal } = this.#closing;
    if (decoding === undefined) throw new TypeError(`${stage.name} answers nothing`);
    const rows = rowsOf(stage), engine = this.#engines.getOrInsertComputed(rows, () => engineOf(rows));
    const together = Math.ceil(stage.batchSize / 4);
    const share = new EngineShare(engine, { together, signal, onEnd: () => this.#beginNext() });
    const state = { isHandedOver: false, isDone: false, isAwaited: false };
    const end = () => {
      state.isDone = true;
      this.#beginNext();
    };
    const answering = {
      ...job,
      share,
      isAhead,
      isQuiet: () => !state.isAwaited || job.isQuiet?.() === true,
      handedOver: () => {
        state.isHandedOver = true;
        this.#beginNext();
      },
    };
    const work = textWork(stage, commonWork(this.#runContext, job));
    // An evaluation that fails ahead of its turn reports its error when its turn comes.
    const answers = answeringOf(decoding).answers(this.#runContext, answering, decoding, work);
    answers.then(end, end);
    const begun: Begun = Object.assign(state, { job, answers, share, engine });
    this.#begun.set(stage, begun);
    this.#last = stage;
    this.#candidate = undefined;
    return begun;
  }

  /** Begins the next evaluation if the engine has room for its rows, or soon will. */
  async #beginNext(): Promise<void> {
    const open = [...this.#begun.values()].filter(({ isDone }) => !isDone), { signal } = this.#closing;
    const last = this.#last;
    if (this.#isLooking || last === undefined || signal.aborted) return;
    if (open.length >= mostOpen || open.some(({ isHandedOver }) => !isHandedOver)) return;
    // By the time that its programs are open, more rows will have ended.
    const rows = open.reduce((sum, { share }) => sum + share.open, 0), most = 2 * rowsOf(last);
    if (rows >= most) return;
    this.#isLooking = true;
    try {
      const job = await (this.#candidate ??= this.#next(last));
      // Its turn may have come in the meantime.
      if (job === undefined || signal.aborted || this.#last !== last) return;
      // Engines of unlike sizes, or programs of their own, would take turns and hold twice the memory.
      const engine = this.#engines.get(rowsOf(job.stage));
      if (open.every((each) => each.engine === engine && this.#decodeTogether(each.job, job))) this.#begin(job, true);
    } catch {
      // It reports its error when its turn comes.
    } finally {
      this.#isLooking = false;
    }
  }

  /** Whether the bare model decodes the rows of both, and gives each the same bits in any batch. */
  #decodeTogether(...jobs: readonly [EvaluateJob, EvaluateJob]): boolean {
    const { provider, sessions: { mapsWeights } } = this.#runContext, [one, other] = jobs;
    return providerRuntimes[provider].isBatchInvariant && mapsWeights && one.weights.digest === other.weights.digest &&
      jobs.every(({ stage }) => !stage.adaptations.some(actsOnCompletion));
  }
}

/** How many rows of an evaluation are decoded at once. */
function rowsOf({ batchSize, spec: { decoding } }: PreparedEvaluation): number {
  return batchSize * writtenOf(decoding).copies;
}

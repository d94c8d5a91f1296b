/**
 * Checks of files that go on while what is in the files is used already, as weights are that are mapped into memory: to
 * read a gigabyte for its digest would take a second before anything could begin. What follows from the files is not
 * published before the checks are done.
 *
 * @module
 */

/** A check: it throws if a file is not what it should be. */
type Check = (signal: AbortSignal) => Promise<void>;

/** Checks one after another, in the order in which they were begun. Dispose it when no answer is of interest any more. */
export class PendingChecks implements Disposable {
  readonly #ended = new AbortController();
  readonly #failed = new AbortController();
  #last: Promise<void> = Promise.resolve();

  /** Aborted by the first check that fails; what it threw is the reason. */
  get signal(): AbortSignal {
    return this.#failed.signal;
  }

  /** Begins a check, which is to end when its signal is aborted. */
  begin(check: Check): void {
    this.#last = this.#last.then(() => this.#run(check));
  }

  async #run(check: Check): Promise<void> {
    const { signal } = this.#ended;
    if (signal.aborted) return;
    try {
      await check(signal);
    } catch (fault) {
      if (!signal.aborted) this.#failed.abort(fault);
    }
  }

  /** Waits for all checks that were begun. Throws what the first that failed has thrown. */
  async settled(): Promise<void> {
    for (let last; last !== this.#last;) await (last = this.#last);
    this.signal.throwIfAborted();
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

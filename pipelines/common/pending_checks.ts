/**
 * Checks of files that run while the files are already in use, such as weights that are mapped into memory: reading a
 * gigabyte for its digest would take a second before anything could begin. Results derived from the files are not
 * published before the checks are done.
 *
 * @module
 */

/** A check: it throws if a file is not what it should be. */
type Check = (signal: AbortSignal) => Promise<void>;

/**
 * Checks that run one after another, in the order in which they were begun. Dispose of it when their results are no
 * longer of interest.
 */
export class PendingChecks implements Disposable {
  readonly #ended = new AbortController();
  readonly #failed = new AbortController();
  #last: Promise<void> = Promise.resolve();

  /** Aborted by the first check that fails; the reason is what it threw. */
  get signal(): AbortSignal {
    return this.#failed.signal;
  }

  /** Begins a check, which should end when its signal is aborted. */
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

  /** Waits for all checks that were begun. Throws the error of the first one that failed. */
  async settled(): Promise<void> {
    for (let last; last !== this.#last;) await (last = this.#last);
    this.signal.throwIfAborted();
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

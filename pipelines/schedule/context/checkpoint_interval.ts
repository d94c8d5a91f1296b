/**
 * How often unfinished work is kept, so that a run that dies loses seconds and keeping costs next to nothing.
 *
 * @module
 */

/** How often work is kept. */
export interface CheckpointInterval {
  /** The seconds between two times, at least. */
  readonly seconds: number;
  /** The most of the time that keeping may take. */
  readonly share: number;
}

/** The interval of a run. */
export const defaultInterval: CheckpointInterval = { seconds: 2, share: 0.03 };

/** Bytes a second that are expected of the disk before it was written to. */
const expectedRate = 2e8;

/** Says when it is time to keep a state again, by what that took before. */
export class CheckpointTimer {
  readonly #interval: CheckpointInterval;
  #cost: number;
  #last = performance.now();

  /** @param bytes How much is kept each time, about. */
  constructor(interval: CheckpointInterval, bytes: number) {
    this.#interval = interval;
    this.#cost = bytes / expectedRate;
  }

  /** Whether it is time. */
  get isDue(): boolean {
    const { seconds, share } = this.#interval;
    return performance.now() - this.#last >= 1000 * Math.max(seconds, this.#cost / share);
  }

  /** Runs what keeps the state, and measures how long that takes. */
  async measure(write: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    await write();
    this.#last = performance.now();
    this.#cost = (this.#last - begun) / 1000;
  }
}

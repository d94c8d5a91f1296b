/**
 * How often unfinished work is kept, so that a run that dies loses seconds and keeping costs next to nothing.
 *
 * @module
 */

/** How often work is kept. */
export interface CheckpointInterval {
  /** At least so many seconds lie between two times. */
  readonly seconds: number;
  /** The most of the time that keeping may take. */
  readonly share: number;
}

/** The pace of a run. */
export const defaultInterval: CheckpointInterval = { seconds: 2, share: 0.03 };

/** Bytes a second that are expected of the disk before it was written to. */
const expectedRate = 2e8;

/** Says when it is time to keep one work's state again, by what that took before. */
export class CheckpointTimer {
  readonly #pace: CheckpointInterval;
  #cost: number;
  #last = performance.now();

  /** @param bytes How much is kept each time, about. */
  constructor(pace: CheckpointInterval, bytes: number) {
    this.#pace = pace;
    this.#cost = bytes / expectedRate;
  }

  /** Whether it is time. */
  get isDue(): boolean {
    const { seconds, share } = this.#pace;
    return performance.now() - this.#last >= 1000 * Math.max(seconds, this.#cost / share);
  }

  /** Keeps the state, and measures how long that takes. */
  async keep(write: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    await write();
    this.#last = performance.now();
    this.#cost = (this.#last - begun) / 1000;
  }
}

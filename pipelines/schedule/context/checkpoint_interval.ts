/**
 * How often unfinished work is saved, so that a crash loses only seconds and saving costs next to nothing.
 *
 * @module
 */

/** How often work is saved. */
export interface CheckpointInterval {
  /** The minimum number of seconds between saves. */
  readonly seconds: number;
  /** The largest share of the time that saving may take. */
  readonly share: number;
}

/** The default interval of a run. */
export const defaultInterval: CheckpointInterval = { seconds: 2, share: 0.03 };

/** The disk's expected write rate in bytes per second, used before the first write. */
const expectedRate = 2e8;

/** Decides when to save again, from how long the last save took. */
export class CheckpointTimer {
  readonly #interval: CheckpointInterval;
  #cost: number;
  #last = performance.now();

  /** @param bytes Approximately how many bytes each save writes. */
  constructor(interval: CheckpointInterval, bytes: number) {
    this.#interval = interval;
    this.#cost = bytes / expectedRate;
  }

  /** Whether a save is due. */
  get isDue(): boolean {
    const { seconds, share } = this.#interval;
    return performance.now() - this.#last >= 1000 * Math.max(seconds, this.#cost / share);
  }

  /** Runs a save and measures how long it takes. */
  async measure(write: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    await write();
    this.#last = performance.now();
    this.#cost = (this.#last - begun) / 1000;
  }
}

/**
 * A run's events as JSON Lines: each event is an object on its own line, which begins with the time. An existing file
 * is appended to, so that a run that is resumed after a stop has a single log.
 *
 * @module
 */
import { dirname } from "node:path";
import { system, type SystemFile } from "../common/system.ts";
import { faultText, unwritable } from "../common/files.ts";
import type { RunEvent } from "../results/events.ts";
import type { Watcher } from "./watcher.ts";

const encoder = new TextEncoder();

/** Writes events to a file, each immediately and in one piece. */
export class EventLog implements Watcher {
  readonly #path: string;
  readonly #note: (message: string) => void;
  /** Lines to be written when the file is opened. */
  #waiting: string[] | undefined = [];
  #file: SystemFile | undefined;

  /** @param note Called once if the file can no longer be written; the run continues. */
  constructor(path: string, note: (message: string) => void) {
    this.#path = path;
    this.#note = note;
  }

  /**
   * Opens the file and writes the lines so far, once the request is known to be valid.
   *
   * @throws {DiskError} If it cannot be written.
   */
  open(): void {
    try {
      system.mkdirSync(dirname(this.#path), { recursive: true });
      this.#file = system.openSync(this.#path, { read: true, append: true, create: true });
    } catch (fault) {
      throw unwritable(this.#path, fault);
    }
    if (endsWithinLine(this.#file)) this.#write("\n");
    this.#write(this.#waiting?.join("") ?? "");
    this.#waiting = undefined;
  }

  take(event: RunEvent): void {
    const line = JSON.stringify({ time: new Date().toISOString(), ...event }) + "\n";
    if (this.#waiting === undefined) this.#write(line);
    else this.#waiting.push(line);
  }

  close(): Promise<void> {
    this.#file?.close();
    this.#file = undefined;
    return Promise.resolve();
  }

  #write(text: string): void {
    const bytes = encoder.encode(text);
    try {
      for (let written = 0; this.#file !== undefined && written < bytes.length;) {
        written += this.#file.writeSync(bytes.subarray(written));
      }
    } catch (fault) {
      void this.close();
      this.#note(`${this.#path}: the log can no longer be written (${faultText(fault)}); the run continues without it`);
    }
  }
}

/** Whether a writer that was killed left an incomplete line. */
function endsWithinLine(file: SystemFile): boolean {
  const { size } = file.statSync(), last = new Uint8Array(1);
  if (size === 0) return false;
  file.seekSync(-1, system.SeekMode.End);
  file.readSync(last);
  return last[0] !== 0x0a;
}

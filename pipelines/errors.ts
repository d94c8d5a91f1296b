/**
 * The two ways a run can end badly. Both carry one sentence that names the place and the remedy; the command line
 * prints it and nothing else.
 *
 * @module
 */

/** Where in a file something is wrong. Line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** The request was wrong: a bad option, pipeline, model or data. The command line exits with 2. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** What the command line exits with. */
  readonly exitCode = 2;

  /**
   * @param problem What is wrong and, after a semicolon, what to do about it: one sentence without a final period.
   * @param place Where, if the fault lies in a file.
   */
  constructor(readonly problem: string, readonly place?: Place) {
    super(place === undefined ? problem : `${formatPlace(place)}: ${problem}`);
  }

  /** The error with a place: its own if it has one, else the one given. */
  placedAt(place: Place | undefined): RequestError {
    return this.place !== undefined || place === undefined
      ? this
      : new RequestError(this.problem, place).causedBy(this);
  }

  /** The error with what it came from, for `--verbose`. */
  causedBy(cause: unknown): this {
    this.cause = cause;
    return this;
  }
}

/** The request was sound and the run failed all the same. The command line exits with 1. */
export class RunError extends Error {
  override readonly name: string = "RunError";
  /** What the command line exits with. */
  readonly exitCode: number = 1;
}

/** A place that the request named cannot be written: no permission, or no space. The command line exits with 2. */
export class DiskError extends RunError {
  override readonly name = "DiskError";
  override readonly exitCode = 2;
}

/** `file:line:column`, as far as it is known. */
export function formatPlace(place: Place): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(":");
}

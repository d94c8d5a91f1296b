/**
 * The two ways a run can fail, and how it ends when it was asked to stop. Each error is one sentence that names the
 * location and the remedy; the command line prints it and nothing else.
 *
 * @module
 */

import { shortened } from "./visible.ts";

/** Where in a file something is wrong. Line and column count from 1. */
export interface SourceLocation {
  /** A path, or another name such as `records`. */
  readonly file: string;
  /** The line. */
  readonly line?: number;
  /** The column. */
  readonly column?: number;
}

/** The request was invalid: a bad option, pipeline, model or data. The command line exits with 2. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** The exit code of the command line. */
  readonly exitCode = 2;
  /** The problem as web pages say it, if they say it differently. */
  pageProblem: string | undefined;

  /**
   * @param problem What is wrong and, after a semicolon, what to do about it: one sentence without a final period.
   * @param location Where, if the error is in a file.
   */
  constructor(readonly problem: string, readonly location?: SourceLocation) {
    super(shortened(location === undefined ? problem : `${formatLocation(location)}: ${problem}`));
  }

  /** The error with a location: its own if it has one, otherwise the given one. */
  at(location: SourceLocation | undefined): RequestError {
    return this.location !== undefined || location === undefined
      ? this
      : new RequestError(this.problem, location).onPage(this.pageProblem).causedBy(this);
  }

  /**
   * The error with the location of the declaration that refers to the invalid input, as for a pipeline's rows in a
   * file.
   */
  declaredAt(declaration: SourceLocation | undefined): RequestError {
    return this.location === undefined || declaration === undefined
      ? this
      : new RequestError(`${this.problem} (declared at ${formatLocation(declaration)})`, this.location).causedBy(this);
  }

  /**
   * The error with its problem for the visitors of a web page, which lacks some settings, and whose files have no paths
   * that a visitor could open.
   */
  onPage(problem: string | undefined): this {
    this.pageProblem = problem;
    return this;
  }

  /** The error with its cause, for `--verbose`. */
  causedBy(cause: unknown): this {
    this.cause = cause;
    return this;
  }
}

/** The request was valid but the run failed. The command line exits with 1. */
export class RunError extends Error {
  override readonly name: string = "RunError";
  /** The exit code of the command line. */
  readonly exitCode: number = 1;
}

/** A device failed at its work, which another may take over. */
export class DeviceError extends RunError {
  /** @param device Its name, as in `cuda:1`. */
  constructor(message: string, readonly device: string) {
    super(message);
  }
}

/** A path that the request named cannot be written: no permission, or no space. The command line exits with 2. */
export class DiskError extends RunError {
  override readonly name = "DiskError";
  override readonly exitCode = 2;
}

/** The user asked the run to stop. What was computed is kept, and the same command resumes the run. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";

  /**
   * @param exitCode The exit code of the command line: 128 plus the signal's number.
   * @param where How far the run had come, as in `at step 12 of 96 of tuned`.
   */
  constructor(readonly exitCode: number, where?: string) {
    super(`stopped${where === undefined ? "" : ` ${where}`}; run the same command again to continue`);
  }

  /** The error with how far the run had come. */
  at(where: string): StoppedError {
    return new StoppedError(this.exitCode, where);
  }
}

/** `file:line:column`, as far as known. */
export function formatLocation({ file, line, column }: SourceLocation): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

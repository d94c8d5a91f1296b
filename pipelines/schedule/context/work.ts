/** Work with progress, as events of a run. @module */
import { basename } from "node:path";
import type { FileProgress } from "../../data/files/record_kind.ts";
import type { SourceOptions } from "../../models/open/source.ts";
import type { Emit, WorkName, WorkUnit } from "../../results/events.ts";

/** The unit in which each kind of work is counted. */
const units: Readonly<Record<WorkName, WorkUnit>> = {
  activations: "rows",
  convert: "bytes",
  download: "bytes",
  encode: "rows",
  evaluate: "rows",
  execute: "programs",
  judge: "rows",
  merge: "bytes",
  quantize: "tensors",
  read: "bytes",
  score: "rows",
  // The number of rows in a file is known only at its end.
  tokenize: "bytes",
};

/** Reports how many units are done, including those of an earlier run. */
type ShowDone = (done: number, resumed?: true) => void;

/**
 * Begins work with progress.
 *
 * @param subject What is being worked on: a file's name, or a stage's.
 */
export function beginWork(emit: Emit, work: WorkName, total: number, subject?: string): ShowDone {
  const said = { kind: "work", work, total, unit: units[work], ...subject === undefined ? {} : { subject } } as const;
  const show: ShowDone = (done, resumed) => emit({ ...said, done, ...resumed && { resumed } });
  show(0);
  return show;
}

/** Notes something that the user should know. */
export function noteTo(emit: Emit): (message: string) => void {
  return (message) => emit({ kind: "note", message });
}

/** Shows downloads, conversions or merges as work counted in bytes; several files may be in progress at once. */
export function bytesProgress(
  emit: Emit,
  work: "convert" | "download" | "merge",
): NonNullable<SourceOptions["progress"]> {
  let open: number | undefined;
  return (done, total, subject) => {
    const said = { kind: "work", work, total, unit: units[work], subject } as const;
    if (open !== total) emit({ ...said, done: 0 });
    emit({ ...said, done });
    open = done === total ? undefined : total;
  };
}

/** Files of at least this many bytes show progress while they are read. */
const shownFrom = 2 ** 26;
/** Progress shows after this many bytes: only a few rows of a large file may be needed. */
const shownAfter = 2 ** 23;

/** Shows progress while large files of rows are read. */
export function fileProgress(emit: Emit): FileProgress {
  return (path, total) => {
    if (total < shownFrom) return () => {};
    let show: ReturnType<typeof beginWork> | undefined, before = 0;
    return (done) => {
      if (show === undefined && before < shownAfter) before = done;
      else (show ??= beginWork(emit, "read", total, basename(path)))(done);
    };
  };
}

/** Work whose parts are counted, as events of a run. @module */
import { basename } from "node:path";
import type { FileProgress } from "../../data/files/record_kind.ts";
import type { SourceOptions } from "../../models/open/source.ts";
import type { Emit, WorkName, WorkUnit } from "../../results/events.ts";

/** What the parts of each work are. */
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
  // How many rows a file has shows at its end.
  tokenize: "bytes",
};

/** Says how many parts are done, those of an earlier run included. */
type ShowDone = (done: number, resumed?: true) => void;

/**
 * Begins work that has parts.
 *
 * @param subject What is worked on: a file's name, or a stage's.
 */
export function beginWork(emit: Emit, work: WorkName, total: number, subject?: string): ShowDone {
  const said = { kind: "work", work, total, unit: units[work], ...subject === undefined ? {} : { subject } } as const;
  const show: ShowDone = (done, resumed) => emit({ ...said, done, ...resumed && { resumed } });
  show(0);
  return show;
}

/** Says what a person should know. */
export function noteTo(emit: Emit): (message: string) => void {
  return (message) => emit({ kind: "note", message });
}

/** Shows downloads, conversions or merges as work whose parts are bytes; several files may be on their way at once. */
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

/** From how many bytes on it is shown how far a file is read. */
const shownFrom = 2 ** 26;
/** After how many: of a large file a few rows may be all that is asked for. */
const shownAfter = 2 ** 23;

/** Shows how far large files of rows are read. */
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

/** How far a run is, shown to whoever watches it. @module */
import { basename } from "node:path";
import type { FileProgress } from "../../data/files/record_kind.ts";
import type { SourceOptions } from "../../models/open/source.ts";

/** Shows how far each stage is. */
export interface Progress {
  /** A stage with a known number of parts begins; the returned function shows how many are done, and a step's losses. */
  begin(
    label: string,
    total: number,
    unit?: "bytes",
  ): (done: number, note?: string, losses?: readonly number[]) => void;
  /** Something a person should know. */
  warn(message: string): void;
}

/** Shows downloads, each as a stage whose parts are its bytes. */
export function downloadProgress(progress: Progress): NonNullable<SourceOptions["progress"]> {
  return bytesProgress(progress, "download");
}

/** Shows how many bytes of something are done. */
export function bytesProgress(progress: Progress, label: string): NonNullable<SourceOptions["progress"]> {
  let open: { readonly total: number; readonly show: (done: number, note: string) => void } | undefined;
  return (done, total, file) => {
    if (open?.total !== total) open = { total, show: progress.begin(label, total, "bytes") };
    open.show(done, file);
    if (done === total) open = undefined;
  };
}

/** From how many bytes on it is shown how far a file is read. */
const shownFrom = 2 ** 26;
/** After how many: of a large file a few rows may be all that is asked for. */
const shownAfter = 2 ** 23;

/** Shows how far large files of rows are read. */
export function fileProgress(progress: Progress): FileProgress {
  return (path, total) => {
    if (total < shownFrom) return () => {};
    const name = basename(path);
    let show: ReturnType<Progress["begin"]> | undefined, before = 0;
    return (done) => {
      if (show === undefined && before < shownAfter) before = done;
      else (show ??= progress.begin("read", total, "bytes"))(done, name);
    };
  };
}

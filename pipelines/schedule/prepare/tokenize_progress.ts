/** The progress of tokenization, shown by how much of the files has been read. @module */
import { basename } from "node:path";
import type { FileProgress } from "../../data/files/record_kind.ts";
import type { Emit } from "../../results/events.ts";
import { beginWork } from "../context/work.ts";

/** Progress is shown from this many rows on: fewer are tokenized in a moment. */
const shownFrom = 2000;

/** Shows how many rows are tokenized. */
interface TokenizeProgress {
  /** Receives how far files are read. */
  readonly file: FileProgress;
  /** Receives how many rows are tokenized. */
  rows(done: number): void;
  finish(): void;
}

/** Shows how much of each file has been read while its rows are tokenized. */
export function tokenizeProgress(emit: Emit): TokenizeProgress {
  let file: { readonly name: string; readonly total: number; read: number } | undefined;
  let show: ReturnType<typeof beginWork> | undefined, tokenized = 0;
  // Views may first read their files to count the rows, without tokenizing any.
  const draw = () => {
    if (file === undefined || tokenized < shownFrom) return;
    const { name, total, read } = file;
    show ??= beginWork(emit, "tokenize", total, name);
    // The bar ends only when the last rows are tokenized.
    show(Math.min(read, total - 1));
  };
  const finish = () => {
    if (file !== undefined) show?.(file.total);
    [file, show] = [undefined, undefined];
  };
  return {
    file(path, total) {
      finish();
      const own = { name: basename(path), total, read: 0 };
      file = own;
      return (done) => {
        own.read = done;
      };
    },
    rows(done) {
      tokenized = done;
      draw();
    },
    finish,
  };
}

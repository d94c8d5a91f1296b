/** How far rows are tokenized, shown by how far their files are read. @module */
import { basename } from "node:path";
import type { FileProgress } from "../../data/files/record_kind.ts";
import type { Emit } from "../../results/events.ts";
import { beginWork } from "../context/work.ts";

/** From how many rows on it is shown: fewer are tokenized in a moment. */
const shownFrom = 2000;

/** Shows how many rows are tokenized. */
interface TokenizeProgress {
  /** Takes how far files are read. */
  readonly file: FileProgress;
  /** Takes how many rows are tokenized. */
  rows(done: number): void;
  finish(): void;
}

/** Shows what is read of each file while its rows are tokenized. */
export function tokenizeProgress(emit: Emit): TokenizeProgress {
  let file: { readonly name: string; readonly total: number; read: number } | undefined;
  let show: ReturnType<typeof beginWork> | undefined, tokenized = 0;
  // Views may read their files once to count the rows, of which none is tokenized then.
  const draw = () => {
    if (file === undefined || tokenized < shownFrom) return;
    const { name, total, read } = file;
    show ??= beginWork(emit, "tokenize", total, name);
    // The bar ends when the last rows are tokenized, too.
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

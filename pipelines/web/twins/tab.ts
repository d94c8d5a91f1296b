/** The files of a tab, opened once. @module */
import { openPrivateFiles } from "../files/private_files.ts";
import { measureFreeSpace } from "./free_space.ts";
import { system } from "./system.ts";

/** What a tab can do. */
interface TabState {
  /** Whether what is computed persists after the tab is closed. */
  readonly isKept: boolean;
  /** How many threads WebAssembly may have: one if the page is not cross-origin isolated. */
  readonly threads: number;
}

let opened: Promise<TabState> | undefined;

/**
 * Opens the tab's files: in a worker those of the Origin Private File System, elsewhere files in memory.
 *
 * @throws {FilesInUse} If another tab has them open.
 */
export function openTab(): Promise<TabState> {
  return opened ??= open();
}

async function open(): Promise<TabState> {
  const files = await openPrivateFiles();
  if (files !== undefined) system.attach(files.root, files.source);
  await measureFreeSpace();
  return { isKept: files !== undefined, threads: threadsHere() };
}

/** The number of threads that WebAssembly may have here. */
function threadsHere(): number {
  // Browsers have shared memory only in cross-origin isolated pages.
  return "SharedArrayBuffer" in globalThis ? navigator.hardwareConcurrency : 1;
}

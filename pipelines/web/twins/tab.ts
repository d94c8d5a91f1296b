/** The files of a tab, opened once. @module */
import { openPrivateFiles } from "../files/private_files.ts";
import { measureAdapter } from "./half_numbers.ts";
import { measureFreeSpace } from "./free_space.ts";
import { setVariable, system } from "./system.ts";

/** What a tab can do. */
interface TabState {
  /** Whether what is computed persists after the tab is closed. */
  readonly isKept: boolean;
  /** How many threads WebAssembly may have: one if the page is not cross-origin isolated. */
  readonly threads: number;
  /** Whether the browser has a GPU for pages, a software one included. */
  readonly hasWebGpu: boolean;
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
  const [files, hasWebGpu] = await Promise.all([openPrivateFiles(), measureAdapter(), measureFreeSpace()]);
  if (files !== undefined) system.attach(files.root, files.source);
  return { isKept: files !== undefined, threads: threadsHere(), hasWebGpu };
}

/** The number of threads that WebAssembly may have here. */
function threadsHere(): number {
  // Browsers have shared memory only in cross-origin isolated pages.
  return "SharedArrayBuffer" in globalThis ? navigator.hardwareConcurrency : 1;
}

/** Has Hugging Face's models asked for elsewhere. */
export function setHub(endpoint: string): void {
  setVariable("HF_ENDPOINT", endpoint);
}

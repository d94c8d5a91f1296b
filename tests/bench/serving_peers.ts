/** What serving.ts compares with: other libraries, and a plain read of memory. @module */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packagesFolder } from "../support/packages.ts";

/** What is to be written: so many rows, each of so many tokens after a prompt of so many. */
export interface Work {
  readonly rows: number;
  readonly prompt: number;
  readonly tokens: number;
}

/** How long that took. */
export interface Written {
  /** Seconds until all rows had their first token. */
  readonly first: number;
  /** Tokens a second from then on. */
  readonly rate: number;
}

/** The prompt of a row; no two are alike. */
export function promptOf(row: number, length: number): readonly number[] {
  return Array.from({ length }, (_, at) => 100 + (at * 37 + row * 101) % 40_000);
}

/** Another library that writes. */
export interface Peer {
  write(work: Work): Promise<Written>;
  close(): Promise<void>;
}

/** Starts serving_peer.py, which stays open so that its model is loaded once. */
export function startPeer(python: string, args: readonly string[]): Peer {
  const script = fileURLToPath(new URL("./serving_peer.py", import.meta.url));
  const child = new Deno.Command(python, {
    args: [script, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter(), reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async write(work) {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(work)}\n`));
      let line = "";
      while (!line.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`serving_peer.py ${args[0]} has ended`);
        line += value;
      }
      return JSON.parse(line);
    },
    async close() {
      await writer.close();
      await child.status;
      await reader.cancel();
    },
  };
}

/** The folder of llama.cpp's libraries, as npm has them prebuilt; undefined, having said so, where there are none. */
export async function llamaCpp(): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return undefined;
  const packages = await packagesFolder(["@node-llama-cpp/linux-x64@3.22.1"]);
  return packages && join(packages, "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");
}

/** Reads memory by words, since a search by bytes is slower than the memory. */
const readingSource = `
  const words = new BigUint64Array(2 ** 25).fill(1n);
  self.onmessage = () => {
    for (let turn = 0; turn < 8; turn++) if (words.indexOf(2n) !== -1) throw new Error("a word has changed");
    self.postMessage(8 * words.byteLength);
  };
  self.postMessage(0);
`;

/** Bytes a second that so many threads read which do nothing else. */
export async function readRate(threads: number): Promise<number> {
  const url = `data:application/javascript,${encodeURIComponent(readingSource)}`;
  const workers = Array.from({ length: threads }, () => new Worker(url, { type: "module" }));
  const answers = () =>
    Promise.all(
      workers.map((worker) => new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data))),
    );
  await answers();
  const start = performance.now(), read = answers();
  for (const worker of workers) worker.postMessage(null);
  const bytes = (await read).reduce((sum, each) => sum + each, 0), seconds = (performance.now() - start) / 1000;
  for (const worker of workers) worker.terminate();
  return bytes / seconds;
}

/** The parts of Refract itself that results depend on. @module */
import { createHash } from "node:crypto";
import { system } from "../../common/system.ts";

const root = new URL("../../../", import.meta.url);

/** The folders whose code decides what is computed, relative to the root. */
const folders = [
  "ops/",
  "pipelines/common/",
  "pipelines/compile/",
  "pipelines/data/",
  "pipelines/decoding/",
  "pipelines/models/",
  "pipelines/runtime/",
  "pipelines/schedule/",
  "pipelines/spec/",
];

let known: string | undefined;

/**
 * Equal for copies of Refract that compute the same results in the same way: a digest of the code that determines them,
 * so that a declaration can be part of a key instead of the programs compiled from it. A copy that was not loaded from
 * disk is identified by its URL.
 */
export function compilerVersion(): string {
  return known ??= import.meta.url.startsWith("file:") ? sourcesDigest() : import.meta.url;
}

function sourcesDigest(): string {
  const hash = createHash("sha256");
  for (const folder of folders) for (const file of sourcesIn(new URL(folder, root))) hash.update(file);
  return hash.digest("hex");
}

/** The sources in a folder and its subfolders, sorted by name. */
function* sourcesIn(folder: URL): Generator<Uint8Array> {
  const entries = [...system.readDirSync(folder)].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* sourcesIn(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield system.readFileSync(new URL(name, folder));
  }
}

/** The digests of converted models' small files as written, kept in one file of the store. @module */
import { join } from "node:path";
import { digestOf } from "../../common/digest.ts";
import { isJsonObject, readFileIfPresent, readJsonObject, writeAtomically } from "../../common/files.ts";

/** The file's name in the store, which also recognizes its temporary files. */
const listName = "models.json";

/** The SHA-256 of each file's content in hex, by name. */
type WrittenFiles = Readonly<Record<string, string>>;

/** The files written for a model, if known; a damaged list counts as absent. */
export async function writtenFiles(store: string, key: string): Promise<WrittenFiles | undefined> {
  return (await readList(store)).get(key);
}

/**
 * Records the files written for a model. A record that another process writes at the same time may be lost, and is
 * redone.
 */
export async function noteWritten(store: string, key: string, files: WrittenFiles): Promise<void> {
  const list = Object.fromEntries([...await readList(store), [key, files]]);
  await writeAtomically(join(store, listName), [new TextEncoder().encode(`${JSON.stringify(list, null, 1)}\n`)]);
}

/** The first file in a folder that has changed since it was written; undefined if there is none. */
export async function changedFile(folder: string, files: WrittenFiles): Promise<string | undefined> {
  for (const [name, digest] of Object.entries(files)) {
    const bytes = await readFileIfPresent(join(folder, name));
    if (bytes === undefined || digestOf(bytes) !== digest) return join(folder, name);
  }
  return undefined;
}

async function readList(store: string): Promise<Map<string, WrittenFiles>> {
  const list = await readJsonObject(join(store, listName), "delete it").catch(() => undefined) ?? {};
  return new Map(
    Object.entries(list).filter((entry): entry is [string, WrittenFiles] => {
      return isJsonObject(entry[1]) && Object.values(entry[1]).every((digest) => typeof digest === "string");
    }),
  );
}

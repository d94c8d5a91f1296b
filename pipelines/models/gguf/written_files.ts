/** What the small files of converted models were written as: their digests, kept in one file of the store. @module */
import { join } from "node:path";
import { digestOf } from "../../common/digest.ts";
import { isJsonObject, readFileIfPresent, readJsonObject, writeAtomically } from "../../common/files.ts";

/** The file's name in the store; temporaries of it are known to the store. */
const listName = "models.json";

/** Files by their names, each with the SHA-256 of its content in hex. */
type WrittenFiles = Readonly<Record<string, string>>;

/** What was written for a model, if that is known; a list that is damaged is as good as absent. */
export async function writtenFiles(store: string, key: string): Promise<WrittenFiles | undefined> {
  return (await readList(store)).get(key);
}

/** Notes what was written for a model. What another process writes at this moment may be lost, and is written again. */
export async function noteWritten(store: string, key: string, files: WrittenFiles): Promise<void> {
  const list = Object.fromEntries([...await readList(store), [key, files]]);
  await writeAtomically(join(store, listName), [new TextEncoder().encode(`${JSON.stringify(list, null, 1)}\n`)]);
}

/** The first file in a folder that is not what was written; undefined if all are. */
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

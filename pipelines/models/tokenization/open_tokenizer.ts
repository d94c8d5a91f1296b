/** Opening a model's tokenizer, which takes long enough to keep the last one. @module */
import { join } from "node:path";
import { type FileIdentity, identityOf, isSameFile, isSettled } from "../../common/file_identity.ts";
import { namesIn } from "../../common/folder_names.ts";
import { system } from "../../common/system.ts";
import { templatesFolder } from "./chat_template.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";

/** A tokenizer, and the files that it may have been read from. */
interface Opened {
  readonly folder: string;
  readonly rows: number;
  readonly files: ReadonlyMap<string, FileIdentity>;
  readonly tokenizer: Tokenizer;
}

let last: Opened | undefined;

/**
 * A model folder's tokenizer, like {@linkcode loadTokenizer}: the same one as the last time, if it was of this folder
 * and none of its files has changed since, for example when a model is asked several times.
 *
 * @param folder As for {@linkcode loadTokenizer}.
 * @param rows As for {@linkcode loadTokenizer}.
 * @returns The tokenizer.
 * @throws {RequestError} As {@linkcode loadTokenizer} does.
 */
export async function openTokenizer(folder: string, rows: number): Promise<Tokenizer> {
  const files = await identitiesIn(folder);
  if (last?.folder === folder && last.rows === rows && isSame(last.files, files)) return last.tokenizer;
  // Two need not be in memory at once.
  last = undefined;
  const areSettled = files.size > 0 && [...files.values()].every(isSettled);
  const tokenizer = await loadTokenizer(folder, rows);
  if (areSettled) last = { folder, rows, files, tokenizer };
  return tokenizer;
}

/** The identities of all files of the kinds that a tokenizer is read from; none where a folder can't be listed. */
async function identitiesIn(folder: string): Promise<Map<string, FileIdentity>> {
  const found = new Map<string, FileIdentity>();
  for (const inside of [folder, join(folder, templatesFolder)]) {
    for (const name of await namesIn(inside).catch(() => [])) {
      if (!/\.(json|jinja)$/.test(name)) continue;
      const path = join(inside, name), info = await system.stat(path).catch(() => undefined);
      if (info !== undefined) found.set(path, identityOf(info));
    }
  }
  return found;
}

function isSame(one: Opened["files"], other: Opened["files"]): boolean {
  return one.size === other.size && [...one].every(([path, identity]) => {
    const now = other.get(path);
    return now !== undefined && isSameFile(now, identity);
  });
}

/**
 * What the small files of a trained model's folder were written as: a list of their digests beside them, since a config
 * or a tokenizer of which a bit has flipped makes another model without a word. Weights carry their own digest.
 *
 * @module
 */
import { join } from "node:path";
import { digestOf } from "../../common/digest.ts";
import { RequestError } from "../../common/errors.ts";
import { isJsonObject, parseJsonObject, readFileIfPresent } from "../../common/files.ts";
import { digestMember, requireOwnContent, sealedJson } from "../../common/own_digest.ts";

/** The list's name in the model's folder. */
export const fileList = "refract.json";

/**
 * The text of the list.
 *
 * @param files SHA-256 in hex, by name.
 */
export function formatFileList(files: Readonly<Record<string, string>>): string {
  return sealedJson({ files });
}

/**
 * Requires that the small files of a model's folder are what was written, where the folder has a list of them.
 *
 * @throws {RequestError} If one of them is not, or the list is not.
 */
export async function requireListedFiles(folder: string): Promise<void> {
  const list = join(folder, fileList), bytes = await readFileIfPresent(list);
  if (bytes === undefined) return;
  const remedy = `train the model again (or remove ${fileList} beside it, if the change is yours)`;
  requireOwnContent(bytes, digestMember, list, remedy);
  const { files } = parseJsonObject(bytes, list, remedy);
  if (!isJsonObject(files)) throw new RequestError(`lists no files; ${remedy}`, { file: list });
  for (const [name, digest] of Object.entries(files)) {
    // A name of a list that someone else wrote leads nowhere.
    if (/[/\\\0]/.test(name)) throw new RequestError(`lists ${JSON.stringify(name)}; ${remedy}`, { file: list });
    const file = join(folder, name), content = await readFileIfPresent(file);
    if (content !== undefined && digestOf(content) === digest) continue;
    throw new RequestError(
      content === undefined
        ? `is gone; ${remedy}`
        : `is damaged, its content has changed since it was written; ${remedy}`,
      { file },
    );
  }
}

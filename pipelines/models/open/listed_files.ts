/** The digests of the small files in a trained model's folder as written, in a list next to them, since a flipped bit in a
 * config or a tokenizer would silently change the model. Weights contain their own digest.
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
 * Requires that the small files in a model's folder have not changed since they were written, if the folder has a list.
 *
 * @throws {RequestError} If one of them, or the list, has changed.
 */
export async function requireListedFiles(folder: string): Promise<void> {
  const list = join(folder, fileList), bytes = await readFileIfPresent(list);
  if (bytes === undefined) return;
  const remedy = `train the model again (or remove ${fileList} next to it, if you made the change)`;
  requireOwnContent(bytes, digestMember, list, remedy);
  const { files } = parseJsonObject(bytes, list, remedy);
  if (!isJsonObject(files)) throw new RequestError(`lists no files; ${remedy}`, { file: list });
  for (const [name, digest] of Object.entries(files)) {
    // A list from someone else must not lead to files elsewhere.
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

/** A digest of what a user wrote to declare a run. @module */
import { digestOf } from "../../common/digest.ts";
import { readFileIfPresent } from "../../common/files.ts";
import { isRecipePath, readRecipe } from "../../recipes/recipe.ts";

/**
 * The SHA-256 of a pipeline file, or of a recipe and the pipeline file that it names, in hex. What a pipeline imports
 * does not count.
 *
 * @param path Absolute.
 * @returns The digest; `undefined` if a file is missing.
 */
export async function declarationDigest(path: string): Promise<string | undefined> {
  const files = isRecipePath(path) ? [path, (await readRecipe(path)).pipeline] : [path], digests: string[] = [];
  for (const file of files) {
    const bytes = await readFileIfPresent(file);
    if (bytes === undefined) return undefined;
    digests.push(digestOf(bytes));
  }
  return digestOf(new TextEncoder().encode(digests.join()));
}

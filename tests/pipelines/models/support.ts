import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { RequestError, RunError } from "../../../pipelines/common/errors.ts";

/** Runs a test in a temporary folder, given by its real path. */
export async function inFolder<T>(test: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await test(await Deno.realPath(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asserts that an error is one for the user: it matches, has one line and no final period. */
export function assertOneLine(error: unknown, pattern: RegExp): true {
  assert.ok(error instanceof RequestError || error instanceof RunError, String(error));
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n|\.$/);
  return true;
}

/** The folder of a model next to the repository; if it is absent, logs that and returns undefined. */
export async function sharedModel(name: string): Promise<string | undefined> {
  const folder = fileURLToPath(new URL(`../../../../shared/models/${name}`, import.meta.url));
  try {
    await Deno.stat(folder);
    return folder;
  } catch {
    console.log(`skipped: ${folder} is absent`);
    return undefined;
  }
}

/** What lies beside the repository in development and CI, and is absent elsewhere. @module */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder `../shared`; undefined, having said so, where it is absent. */
export function sharedFolder(): string | undefined {
  const folder = fileURLToPath(new URL("../../../shared", import.meta.url));
  try {
    Deno.statSync(folder);
    return folder;
  } catch {
    console.log(`skipped: ${folder} is absent`);
    return undefined;
  }
}

/** How a test model's weights are stored. */
export type StoredType = "f32" | "bf16";

/**
 * A folder of SmolLM2-135M-Instruct. It is made on first use (about a minute) in the folder `smollm2` (or
 * `smollm2-bf16`) of REFRACT_TEST_MODELS, or of `refract-test-models` among the system's temporary files, and kept there.
 */
export async function smollm2Folder(shared: string, dtype: StoredType = "f32"): Promise<string> {
  const script = join(shared, "tools", "smollm2.py");
  const name = dtype === "f32" ? "smollm2" : `smollm2-${dtype}`;
  const folder = join(Deno.env.get("REFRACT_TEST_MODELS") ?? join(tmpdir(), "refract-test-models"), name);
  await Deno.mkdir(folder, { recursive: true });
  const args = [script, folder, "--dtype", dtype];
  const { success, stderr } = await new Deno.Command("python3", { args }).output();
  assert.ok(success, `${script} failed: ${new TextDecoder().decode(stderr)}`);
  return folder;
}

/** Published tokenizers against transformers, id by id. @module */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadTokenizer } from "../../pipelines/models/tokenizer.ts";
import { assertAgrees, type Expected, goldenStrings, readGolden } from "../pipelines/models/support_tokenizers.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";

const shared = sharedFolder();

/** A folder of all-MiniLM-L6-v2 beside SmolLM2's. */
async function minilmFolder(): Promise<string> {
  const folder = join(dirname(await smollm2Folder(shared!)), "minilm");
  const script = fileURLToPath(new URL("minilm.py", import.meta.url));
  const { success, stderr } = await new Deno.Command("python3", { args: [script, folder] }).output();
  assert.ok(success, `${script} failed: ${new TextDecoder().decode(stderr)}`);
  return folder;
}

const folders: Readonly<Record<string, () => Promise<string>>> = {
  smollm2: () => smollm2Folder(shared!),
  stories260k: () => Promise.resolve(join(shared!, "models", "stories260k")),
  minilm: minilmFolder,
};

for (const [name, folder] of Object.entries(folders)) {
  Deno.test({
    name: `loadTokenizer() gives transformers' ids, texts and pairs of 500 strings: ${name}`,
    ignore: shared === undefined,
    fn: async () => {
      assertAgrees(
        await loadTokenizer(await folder()),
        await goldenStrings(),
        await readGolden<Expected>(`published/${name}`),
      );
    },
  });
}

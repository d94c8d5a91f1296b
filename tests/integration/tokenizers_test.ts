/** Published tokenizers compared with transformers, id by id. @module */
import { join } from "node:path";
import { loadTokenizer } from "../../pipelines/models/tokenization/tokenizer.ts";
import {
  assertAgrees,
  assertJoins,
  type Expected,
  goldenStrings,
  readGolden,
  type Together,
} from "../pipelines/models/tokenization/support_tokenizers.ts";
import { minilmFolder, sharedFolder, smollm2Folder } from "../support/shared.ts";

const shared = sharedFolder();

const folders: Readonly<Record<string, () => Promise<string>>> = {
  smollm2: () => smollm2Folder(shared!),
  stories260k: () => Promise.resolve(join(shared!, "models", "stories260k")),
  minilm: minilmFolder,
};

for (const [name, folder] of Object.entries(folders)) {
  Deno.test({
    name: `loadTokenizer() encodes and decodes 500 strings and pairs like transformers: ${name}`,
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

Deno.test({
  name: "a prompt and its completion have transformers' ids of the whole string: stories260k",
  ignore: shared === undefined,
  fn: async () => {
    const { pairs, cases } = await readGolden<Together>("together");
    assertJoins(await loadTokenizer(join(shared!, "models", "stories260k")), pairs, cases["stories260k"]!);
  },
});

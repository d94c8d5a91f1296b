/** Every kind of tokenizer compared with transformers, id by id. @module */
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../support.ts";
import {
  assertAgrees,
  type Golden,
  goldenNames,
  goldenStrings,
  readGolden,
  writeGolden,
} from "./support_tokenizers.ts";

const strings = await goldenStrings();

for (const name of goldenNames()) {
  Deno.test(`loadTokenizer() matches transformers' ids, texts and pairs for 500 strings: ${name}`, async () => {
    await inFolder(async (folder) => {
      const golden = await readGolden<Golden>(name);
      await writeGolden(folder, golden);
      assertAgrees(await loadTokenizer(folder), strings, golden);
    });
  });
}

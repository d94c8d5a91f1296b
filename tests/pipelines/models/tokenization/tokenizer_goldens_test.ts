/** Every kind of tokenizer against transformers, id by id. @module */
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
  Deno.test(`loadTokenizer() gives transformers' ids, texts and pairs of 500 strings: ${name}`, async () => {
    await inFolder(async (folder) => {
      const golden = await readGolden<Golden>(name);
      await writeGolden(folder, golden);
      assertAgrees(await loadTokenizer(folder), strings, golden);
    });
  });
}

/** Prompts and completions as one string, compared with transformers' ids and offsets. @module */
import { loadTokenizer } from "../../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../models/support.ts";
import {
  assertJoins,
  type Golden,
  goldenNames,
  readGolden,
  type Together,
  writeGolden,
} from "../models/tokenization/support_tokenizers.ts";

const { pairs, cases } = await readGolden<Together>("together");

for (const name of goldenNames()) {
  Deno.test(`encodeTogether() returns transformers' ids and borders: ${name}`, async () => {
    await inFolder(async (folder) => {
      await writeGolden(folder, await readGolden<Golden>(name));
      assertJoins(await loadTokenizer(folder), pairs, cases[name]!);
    });
  });
}

/**
 * Exported base models of every causal family have transformers' logits, padded on either side and read in parts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writeOnnxFiles } from "../../../../pipelines/interchange/onnx/files.ts";
import { familyCases, readFamilyGolden } from "../../models/families/families_golden.ts";
import { inFolder } from "../../models/support.ts";
import { largestDifference, openFolder, recordOf } from "../../models/support_forward.ts";
import { openExported, type Read } from "./support.ts";

/** Cases of models that are not causal, and one whose rows exceed the context of LongRoPE's short factors. */
const elsewhere = /^(t5|names-bert|bert|roberta|distilbert|deberta|modernbert|phi3-longrope-long)/;

for (const name of familyCases.filter((each) => !elsewhere.test(each))) {
  Deno.test(`an exported model has transformers' logits: ${name}`, () =>
    inFolder(async (folder) => {
      const { folder: source, stack: { tokens, mask }, head } = await readFamilyGolden(name);
      const model = await openFolder(source), { architecture } = model;
      const weights = { storedType: () => "float32" as const, record: (name: string) => recordOf(model, name) };
      const nothing = { adaptations: [], tensors: {}, example: { fields: {} }, about: {} };
      await writeOnnxFiles(folder, folder, { architecture, weights, ...nothing });
      const session = await openExported(folder);
      const [, length = 0, vocabulary = 0] = head!.logits.shape;
      const compare = ({ logits }: Read, start: number) =>
        logits.forEach((row, at) =>
          row.forEach((own, token) => {
            if (mask[at]![start + token] === 0) return;
            const first = (at * length + start + token) * vocabulary;
            const difference = largestDifference(own, head!.logits.data.subarray(first, first + vocabulary));
            assert.ok(difference <= 1e-4, `row ${at}, token ${start + token} differ by ${difference}`);
          })
        );
      compare(await session.read({ tokens, mask }), 0);
      const part = (from: number, to: number) => tokens.map((row) => row.slice(from, to)), cut = length >> 1;
      const first = await session.read({ tokens: part(0, cut), mask: mask.map((row) => row.slice(0, cut)) });
      compare(first, 0);
      compare(await session.read({ tokens: part(cut, length), mask }, first.past), cut);
      assert.deepEqual(session.inputNames.slice(0, 3), ["input_ids", "attention_mask", "past_key_values.0.key"]);
      await session.close();
    }));
}

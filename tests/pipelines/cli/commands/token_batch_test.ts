/** Padding, writing and reading of batches of token ids. @module */
import assert from "node:assert/strict";
import { paddedBatch, readBatch, readTensors } from "../../../../pipelines/cli/commands/token_batch.ts";
import { writeSafetensors } from "../../../../pipelines/models/weights/safetensors_writer.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const encoder = { startToken: 7 };

Deno.test("rows are padded on the right, and a decoder reads its start token", () => {
  assert.deepEqual(paddedBatch([[3, 4, 5], [6]], {}), {
    ids: [[3, 4, 5], [6, 0, 0]],
    mask: [[1, 1, 1], [1, 0, 0]],
  });
  const { decoder } = paddedBatch([[3, 4, 5], [6]], { encoder });
  assert.deepEqual(decoder, { ids: [[7], [7]], mask: [[1], [1]] });
});

Deno.test("a batch's tensors are read as they were written", () =>
  inFolder(async (folder) => {
    const file = `${folder}/in.safetensors`, batch = paddedBatch([[3, 4, 5], [6]], { encoder });
    const tensors = readTensors(batch);
    assert.deepEqual(tensors.map(({ name }) => name), [
      "input_ids",
      "attention_mask",
      "decoder_input_ids",
      "decoder_attention_mask",
    ]);
    await writeSafetensors(file, tensors);
    assert.deepEqual(await readBatch(file, { encoder }), batch);
    const { decoder: _, ...read } = batch;
    assert.deepEqual(await readBatch(file, {}), read);
  }));

Deno.test("a missing mask covers every token, and token types are optional", () =>
  inFolder(async (folder) => {
    const file = `${folder}/in.safetensors`;
    const tensor = (name: string) => ({ name, shape: [1, 2], data: BigInt64Array.of(1n, 0n) });
    await writeSafetensors(file, [tensor("input_ids"), tensor("token_type_ids")]);
    assert.deepEqual(await readBatch(file, {}), { ids: [[1, 0]], mask: [[1, 1]], types: [[1, 0]] });
    await assert.rejects(
      readBatch(file, { encoder }),
      (error) => assertOneLine(error, /in\.safetensors: has no tensor decoder_input_ids .* decoder_start_token_id 7$/),
    );
  }));

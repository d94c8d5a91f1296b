/** SmolLM2-135M-Instruct from its GGUF file, compared with the folder that another program makes from it. @module */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { openModel, openModelWeights } from "../../pipelines/models/open/model.ts";
import { readTensor } from "../../pipelines/models/weights/safetensors.ts";
import { Runtime } from "../../pipelines/runtime/runtime.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { openFolder, openForward, placeOf } from "../pipelines/models/support_forward.ts";
import { sharedFolder, smollm2Folder, smollm2Gguf } from "../support/shared.ts";

const shared = sharedFolder();
const odd = [
  "",
  "  two spaces, three   and\ttabs\n\nnew lines \r\n end  ",
  "<|im_start|>user\nIs 3.14 < 12345?<|im_end|>\n<|im_start|>assistant\n",
  "don't we'll I'M they'Ve Grüße 中文 한국어 עברית 🙂👩‍👩‍👧",
  "def f(x):\n    return x_1 + {'k': [0]}  # ok!!! ...",
];

Deno.test({
  name: "SmolLM2's GGUF file has the weights, ids and logits of the folder that smollm2.py makes",
  ignore: shared === undefined,
  fn: compare,
});

async function compare() {
  const folder = await smollm2Folder(shared as string), file = await smollm2Gguf();
  const lines = (await Deno.readTextFile(join(shared as string, "data", "arc_easy.train.jsonl"))).split("\n");
  await inFolder(async (store) => {
    const digests = join(store, "weights.json");
    const expected = await openModel(folder, { base: "/" }), found = await openModel(file, { base: "/", store });
    for (const text of [...odd, ...lines.slice(0, 500)]) {
      const ids = found.tokenizer.encodePrompt(text);
      assert.deepEqual(ids, expected.tokenizer.encodePrompt(text));
      assert.equal(found.tokenizer.decode(ids), expected.tokenizer.decode(ids));
    }
    assert.deepEqual(found.tokenizer.eosTokenIds, expected.tokenizer.eosTokenIds);
    const before = await openModelWeights(expected, digests), after = await openModelWeights(found, digests);
    for (const name of expected.architecture.weights.keys()) {
      const own = await readTensor(after.record(name)), other = await readTensor(before.record(name));
      assert.ok(Buffer.from(own.buffer).equals(Buffer.from(other.buffer)), name);
    }
    assert.deepEqual(await logitsOf(found.folder, expected.tokenizer), await logitsOf(folder, expected.tokenizer));
  });
}

/** The logits after a question. */
async function logitsOf(folder: string, { encodePrompt }: { encodePrompt(text: string): number[] }) {
  using runtime = new Runtime({ threads: 2 });
  const forward = await openForward(runtime, await openFolder(folder), ["tail"]);
  const tokens = encodePrompt("Which gas do plants take from the air?\n");
  const [result] = await forward.run([[{ start: 0, tokens }]]);
  return placeOf(result?.logits[0], tokens.length, tokens.length - 1);
}

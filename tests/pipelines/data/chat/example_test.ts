import assert from "node:assert/strict";
import { encodeConversation } from "../../../../pipelines/data/chat/example.ts";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../../models/support.ts";
import { readGolden, writeGolden } from "../../models/tokenization/support_tokenizers.ts";

Deno.test("a prompt that ends with a space has the same tokens as in training", () =>
  inFolder(async (folder) => {
    await writeGolden(folder, await readGolden("llama_legacy"));
    const tokenizer = await loadTokenizer(folder);
    const asked = "USER: the dog ASSISTANT: ", text = `${asked}the cat`;
    const turns = {
      text,
      asked,
      answersFrom: asked.length,
      spans: [[asked.length, text.length] as const],
      isMarked: true,
    };
    const taught = encodeConversation(turns, tokenizer, false), found = encodeConversation(turns, tokenizer, true);
    assert.deepEqual(found.prompt, taught.prompt);
    assert.deepEqual(found.completion, taught.completion);
    assert.notDeepEqual(found.prompt, tokenizer.encode(asked));
  }));

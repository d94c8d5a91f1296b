/** Conversations with a published model's template, compared with transformers. @module */
import assert from "node:assert/strict";
import { encodeTurns } from "../../pipelines/data/chat/tokens.ts";
import type { ChatMessage } from "../../pipelines/data/chat/source.ts";
import { tokenize } from "../../pipelines/data/examples.ts";
import { loadRows } from "../../pipelines/data/rows.ts";
import { loadTokenizer } from "../../pipelines/models/tokenization/tokenizer.ts";
import { chat } from "../../mod.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";

interface Golden {
  readonly messages: readonly ChatMessage[];
  readonly text: string;
  readonly ids: readonly number[];
  readonly asked: readonly number[];
}

const shared = sharedFolder();

Deno.test({
  name: "chat() returns transformers' text and ids with SmolLM2's template, and labels each turn including its end",
  ignore: shared === undefined,
  fn: async () => {
    const folder = await smollm2Folder(shared!), tokenizer = await loadTokenizer(folder);
    const file = new URL("../goldens/chat_smollm2.json", import.meta.url);
    const goldens: readonly Golden[] = JSON.parse(await Deno.readTextFile(file));
    const rows = chat(goldens.map(({ messages }) => messages), { loss: "all-turns" });
    const all = await loadRows(rows, folder, { format: tokenizer.chat, asksLast: false, ends: [] });
    const last = await loadRows(rows, folder, { format: tokenizer.chat, asksLast: true, ends: [] });
    goldens.forEach(({ messages, text, ids, asked }, at) => {
      assert.equal(all[at]!.turns!.text, text);
      const found = encodeTurns(all[at]!.turns!, tokenizer);
      assert.deepEqual(found.ids, ids);
      // A token of the line break before a turn and the turn's first space belongs to the turn.
      const said = found.turns.map(([start, end]) => tokenizer.decode(ids.slice(start, end)).replace(/^\n/, ""));
      const answers = messages.filter(({ role }) => role === "assistant").map(({ content }) => `${content}<|im_end|>`);
      assert.deepEqual(said, answers);
      const [example] = tokenize([last[at]!], tokenizer, { maxContext: 8192, asks: true });
      assert.deepEqual(example!.prompt, asked);
      assert.equal(tokenizer.decode(example!.completion), answers.at(-1));
    });
  },
});

/** Conversations compared with transformers' `apply_chat_template`. @module */
import assert from "node:assert/strict";
import { encodeTurns } from "../../../../pipelines/data/chat/tokens.ts";
import type { ChatMessage, ChatRow } from "../../../../pipelines/data/chat/source.ts";
import { tokenize } from "../../../../pipelines/data/examples.ts";
import type { Row } from "../../../../pipelines/data/row.ts";
import { loadRows } from "../../../../pipelines/data/rows.ts";
import { loadTokenizer, type Tokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { chat } from "../../../../mod.ts";
import { inFolder } from "../../models/support.ts";
import { type Golden, readGolden, writeGolden } from "../../models/tokenization/support_tokenizers.ts";

interface Case {
  readonly name: string;
  readonly tokenizer: string;
  readonly template: string;
  readonly tools?: readonly object[];
  readonly rows: readonly {
    readonly messages: readonly ChatMessage[];
    readonly text: string;
    readonly ids: readonly number[];
    readonly mask: readonly number[];
    readonly asked: readonly number[];
  }[];
}

const file = new URL("../../../goldens/chat.json", import.meta.url);
const cases: readonly Case[] = JSON.parse(await Deno.readTextFile(file));

/** The indices of a row's trained tokens, counted from the start of its prompt. */
function taughtOf(row: Row, tokenizer: Tokenizer): number[] {
  const [example] = tokenize([row], tokenizer, { maxContext: 10_000 });
  const { prompt, completion, taught = [...completion.keys()] } = example!;
  return taught.map((at) => prompt.length + at);
}

const onesOf = (mask: readonly number[]) => [...mask.keys()].filter((at) => mask[at] === 1);

for (const { name, tokenizer: trained, template, tools, rows } of cases) {
  const given = tools === undefined ? {} : { tools };
  // Generation marks delimit the trained text; without them it is found from the text before each turn.
  const plain = template.replace(/\{%(-?) (?:end)?generation (-?)%\}/g, "{%$1 if true $2%}{% endif %}");
  const templates = { marked: template, unmarked: plain };

  for (const [kind, template] of Object.entries(templates)) {
    Deno.test(`chat() has transformers' text, ids and labels: ${name}, ${kind}`, async () => {
      await inFolder(async (folder) => {
        await writeGolden(folder, await readGolden<Golden>(trained));
        const tokenizer = await loadTokenizer(folder);
        const load = (loss: "all-turns" | "completion", asksLast: boolean) => {
          const conversations: readonly ChatRow[] = rows.map(({ messages }) => messages);
          return loadRows(chat(conversations, { ...given, template, loss }), folder, {
            format: tokenizer.chat,
            asksLast,
            ends: [],
          });
        };
        const all = await load("all-turns", false), last = await load("completion", false);
        const asked = tokenize(await load("all-turns", true), tokenizer, { maxContext: 10_000, asks: true });
        rows.forEach((expected, at) => {
          assert.equal(all[at]!.turns!.text, expected.text);
          assert.deepEqual(encodeTurns(all[at]!.turns!, tokenizer).ids, expected.ids);
          const ones = onesOf(expected.mask);
          assert.deepEqual(taughtOf(all[at]!, tokenizer), ones);
          const lastRun = ones.slice(ones.findLastIndex((one, index) => one !== ones[index - 1]! + 1));
          assert.deepEqual(taughtOf(last[at]!, tokenizer), lastRun);
          assert.deepEqual(asked[at]!.prompt, expected.asked);
          assert.deepEqual(asked[at]!.completion, lastRun.map((index) => expected.ids[index]));
        });
      });
    });
  }
}

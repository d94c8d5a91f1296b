/** The output of templates compared with transformers' Jinja. @module */
import assert from "node:assert/strict";
import { globals } from "../../../../pipelines/data/chat/jinja/globals.ts";
import { render } from "../../../../pipelines/data/chat/jinja/render.ts";
import { Scope } from "../../../../pipelines/data/chat/jinja/scope.ts";
import { readTemplate } from "../../../../pipelines/data/chat/jinja/read_template.ts";
import type { ChatSource } from "../../../../pipelines/data/chat/source.ts";
import { loadRows } from "../../../../pipelines/data/rows.ts";
import { inFolder } from "../../models/support.ts";
import { pythonFields } from "../../../../pipelines/data/files/raw_row.ts";

interface Goldens {
  readonly values: string;
  readonly rows: readonly string[];
  /** For each row the whole text, and the prompt of its last turn. */
  readonly conversations: readonly (readonly [
    template: string,
    texts: readonly (readonly [whole: string, asked: string])[],
  ])[];
  readonly groups: Readonly<Record<string, readonly (readonly [template: string, expected: string | null])[]>>;
}

const file = new URL("../../../goldens/chat_templates.json", import.meta.url);
const { values, rows, conversations, groups }: Goldens = JSON.parse(await Deno.readTextFile(file));
const fields = [...pythonFields({ fields: JSON.parse(values), json: values })].map(([name, value]) => {
  return [String(name), value] as const;
});

/** Templates that the library's parser does not support and refuses. */
const refused = new Set(["{{ huge == 12345678901234567000 }}"]);

/** A template's output, or null if it raises an error. */
function written(template: string): string | null {
  try {
    return render(readTemplate(template), new Scope(undefined, [...globals, ...fields]));
  } catch (fault) {
    assert.ok(fault instanceof Error);
    return null;
  }
}

for (const [name, templates] of Object.entries(groups)) {
  Deno.test(`a template has the output of transformers: ${name}`, () => {
    const wrong = templates.flatMap(([template, expected]) => {
      const found = written(template);
      return found === (refused.has(template) ? null : expected) ? [] : [{ template, expected, found }];
    });
    assert.deepEqual(wrong, []);
  });
}

conversations.forEach(([template, texts], at) => {
  Deno.test(`chat() renders a file's numbers, tools and order of keys as transformers does: ${at}`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/talks.jsonl`, `${rows.join("\n")}\n`);
      await Deno.writeTextFile(`${folder}/own.jinja`, template);
      const source: ChatSource = {
        kind: "chat",
        conversations: { kind: "jsonl", path: "talks.jsonl" },
        loss: "completion",
        template: "own.jinja",
      };
      const format = { templates: new Map<string, string>(), specialTokens: { bos_token: "<s>" } };
      const found = await loadRows(source, folder, { format, asksLast: false, ends: [] });
      assert.deepEqual(found.map(({ turns }) => [turns!.text, turns!.asked]), texts);
    }));
});

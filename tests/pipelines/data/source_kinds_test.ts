/** Every kind of source reads exactly the files that it declares. @module */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import type { Source } from "../../../pipelines/data/dataset.ts";
import { loadRows } from "../../../pipelines/data/rows.ts";
import { filesOf, isSource, kindOf, sourceKinds } from "../../../pipelines/data/source_kinds.ts";
import { hasty, withHub } from "../../support/hub.ts";
import { inFolder } from "../models/support.ts";

const template = { prompt: "{question}", completion: "{answer}" };
const talk = [{ role: "user", content: "Hi" }, { role: "assistant", content: "Ho" }];

const parquetFile = await Deno.readFile(new URL("../../goldens/parquet/plain.parquet", import.meta.url));
const files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {
  "rows.jsonl": `{ "question": "Hi", "answer": "Ho" }\n`,
  "rows.tsv": "question\tanswer\nHi\tHo\n",
  "rows.csv": "question,answer\nHi,Ho\n",
  "rows.json": `{ "data": [{ "question": "Hi", "answer": "Ho" }] }`,
  "rows.parquet": parquetFile,
  "talks.jsonl": `${JSON.stringify({ messages: talk })}\n`,
  "own.jinja": "{% for m in messages %}{{ m.content }}{% endfor %}",
};

/** A source of each kind that reads every file that its kind can read. */
const samples: { readonly [K in Source["kind"]]: Extract<Source, { kind: K }> } = {
  jsonl: { kind: "jsonl", path: "./rows.jsonl", template },
  tsv: { kind: "tsv", path: "./rows.tsv", template },
  csv: { kind: "csv", path: "./rows.csv", template },
  json: { kind: "json", path: "./rows.json", at: "data", template },
  parquet: { kind: "parquet", path: "./rows.parquet", template },
  hub: { kind: "hub", id: "owner/rows", template },
  folder: { kind: "folder", path: "./rows.jsonl", names: ["rows"], what: "some rows", template },
  records: { kind: "records", records: [{ question: "Hi", answer: "Ho" }], template },
  chat: {
    kind: "chat",
    conversations: { kind: "jsonl", path: "./talks.jsonl" },
    loss: "completion",
    template: "./own.jinja",
  },
};

const chat = { format: { templates: new Map(), specialTokens: {} }, asksLast: false, ends: [] };

for (const sample of Object.values(samples)) {
  Deno.test(`${sample.kind}: reads only the files that it names, which can be moved`, () =>
    inFolder(async (folder) => {
      const named = filesOf(sample);
      for (const [name, content] of Object.entries(files)) {
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
        if (named.some(({ path }) => basename(path) === name)) await Deno.writeFile(join(folder, name), bytes);
      }
      const moved = kindOf(sample).withFiles(sample, (path) => join(folder, path));
      assert.deepEqual(filesOf(moved), named.map(({ path, use }) => ({ path: join(folder, path), use })));
      await withHub(
        { "datasets/owner/rows": { files: { "train.jsonl": files["rows.jsonl"]! } } },
        async ({ endpoint }) => {
          const hub = { timings: hasty, env: { HF_ENDPOINT: endpoint, HF_HUB_CACHE: join(folder, "cache") } };
          const [row] = await loadRows(moved, { base: join(folder, "nowhere"), hub }, chat);
          assert.deepEqual([row!.prompt, row!.completion], ["Hi", "Ho"]);
        },
      );
    }));

  Deno.test(`${sample.kind}: a record with invalid settings is not a source`, () => {
    assert.ok(isSource(sample));
    for (const setting of Object.keys(sourceKinds[sample.kind].settings)) {
      assert.ok(!isSource({ ...sample, [setting]: 5 }), setting);
    }
  });
}

Deno.test("a template's name and its text are not files", () => {
  for (const template of ["tool_use", "{{ messages[0].content }}.jinja"]) {
    assert.deepEqual(filesOf({ ...samples.chat, template }).map(({ use }) => use), ["rows"]);
  }
});

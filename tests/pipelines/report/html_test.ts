import assert from "node:assert/strict";
import { pageOf } from "../../../pipelines/report/html.ts";
import { pageScript } from "../../../pipelines/report/page_script.ts";
import type { ReportView } from "../../../pipelines/report/report_view.ts";

const folder = new URL("../../../pipelines/report/page/", import.meta.url);
const modules = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".ts"));

/** The modules that Deno runs as well. */
const shared = ["own_value.ts", "paired_test.ts", "verdict.ts"];

function viewWith(text: string): ReportView {
  return {
    pipeline: text,
    made: "",
    machine: [],
    axes: [],
    metrics: [],
    lowerIsBetter: [],
    units: {},
    untrained: {},
    members: [],
    untrainedMetrics: [],
    experiments: [],
    papers: [],
    time: [],
    saved: [],
    rows: [{
      stage: "tuned",
      total: 1,
      omitted: 0,
      rows: [{ prompt: text, completion: text }],
      answers: [{ name: "main", isBase: false, texts: [text], values: {} }],
    }],
    activations: [],
    source: text,
    manifest: text,
    isLive: false,
    state: { kind: "done" },
  };
}

Deno.test("no text of a row is mistaken for a placeholder of the page", async () => {
  const view = viewWith(`/*{script}*/ /*{style}*/ ["the view"] $& $1`), page = await pageOf(view);
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1];
  assert.deepEqual(JSON.parse(data!), view);
  for (const once of ["<style>", "--heat-low: #f1edfb", "const $page", "new EventSource"]) {
    assert.equal(page.split(once).length, 2, once);
  }
});

Deno.test("the page's script contains each module once, after its dependencies, and parses", async () => {
  const script = await pageScript();
  const order = [...script.matchAll(/^const \$(\w+) = /gm)].map(([, name]) => name!);
  const withValues = modules.filter((name) => {
    return name === "page.ts" || /^export (?!interface|type)/m.test(Deno.readTextFileSync(new URL(name, folder)));
  });
  assert.deepEqual(order.map((name) => `${name}.ts`).sort(), [...withValues, ...shared].sort());
  assert.equal(order.at(-1), "page");
  const defined = new Set<string>();
  for (const [, name, needed] of script.matchAll(/^const (?:\$(\w+) = |\{.*\} = \$(\w+);)/gm)) {
    if (name !== undefined) defined.add(name);
    if (needed !== undefined) assert.ok(defined.has(needed), `${needed} is used before it is defined`);
  }
  // A remaining import or type is a syntax error.
  new Function(`"use strict";${script}`);
  assert.ok(!/<\/?script|<!--/.test(script));
});

Deno.test("page.html has every element that the modules look up", () => {
  const html = Deno.readTextFileSync(new URL("page.html", folder));
  const ids = modules.flatMap((name) => {
    const text = Deno.readTextFileSync(new URL(name, folder));
    return [...text.matchAll(/(?:byId|fillTable)\(\s*"([\w-]+)"/g)].map(([, id]) => id!);
  });
  assert.ok(ids.length >= 24, `${ids.length} are found`);
  assert.deepEqual(ids.filter((id) => !html.includes(` id="${id}"`)), []);
});

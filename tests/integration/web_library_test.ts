/** Pages of one's own that train with refract.web.js: the example, and one with several trainings. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writePageLibrary } from "../../pipelines/interchange/web/library.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage } from "../support/browser.ts";
import { serveFolder } from "../support/static_server.ts";

const display = { width: 360, height: 740 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

const page = `<!DOCTYPE html>
<script type="module">
globalThis.found = [];
const worker = new Worker("own.js", { type: "module" });
worker.onmessage = ({ data }) => found.push(data);
worker.onerror = ({ message }) => found.push(["failed", message]);
</script>`;

/** What the page finds, by name. */
const script = `import * as refract from "./scripts/refract.web.js";
const { adamw, baseModel, block, jsonl, lora, loreft, modelAt, pipeline, records, run, train } = refract;

const rows = [["auk", "nomi"], ["bear", "timi"], ["cat", "dumi"], ["crab", "pemi"]].map(([q, a]) => ({ q, a }));
const data = records(rows, { prompt: "the {q}:", completion: " {a}" }), base = baseModel("builtin:tiny");
const usual = { data, epochs: 4, batchSize: 2, optimizer: adamw({ learningRate: 0.02 }) };
const edits = { loreft: loreft({ at: block(2).output, positions: "l1", rank: 2 }), lora: lora({ rank: 2 }) };
const running = (name, { model = base, edit = edits.loreft, ...training } = {}, options = {}) =>
  run(pipeline(name, () => ({ tuned: train(model.with(edit), { ...usual, ...training }) })), options);
const losses = async (...args) => (await running(...args).result).members[0].stages[0].losses;
const say = async (name, found) => postMessage([name, await found.catch((error) => error.name + ": " + error.message)]);

await say("together", Promise.all(Object.entries(edits).map(([name, edit]) => losses("two-" + name, { edit, seed: 1 }))));
await say("apart", losses("alone", { edit: edits.lora, seed: 1, epochs: 4 }, { store: "elsewhere" }));
const stop = new AbortController(), long = { epochs: 200, seed: 2 };
const stopped = running("long", long, { signal: stop.signal });
await say("stopped", (async () => {
  for await (const event of stopped) if (event.kind === "step" && event.step === 40) stop.abort();
  return "finished";
})());
const again = running("long", long);
let resumed = 0;
for await (const event of again) if (event.kind === "trainingStarted") resumed = event.stepsDone;
await say("resumed", again.result.then(({ members }) => [resumed, members[0].stages[0].losses.length]));
await say("uninterrupted", losses("whole", long, { store: "elsewhere" }));
await say("stepwise", again.result.then(({ members }) => members[0].stages[0].losses));
const own = await modelAt("builtin/tiny/");
await say("own", losses("own", { model: baseModel(own), seed: 1 }, { store: "elsewhere" }));
await say("nowhere", modelAt("nowhere/"));
await say("url", losses("url", { model: baseModel("https://host.example/model/") }));
await say("rows", losses("rows", { data: jsonl("https://host.example/rows.jsonl", { prompt: "{q}", completion: "{a}" }) }));
await say("cuda", losses("cuda", { seed: 9 }, { provider: "cuda" }));
await say("setting", losses("setting", { epoch: 3 }));
for (let seed = 10; seed < 34; seed++) await losses("many", { seed });
postMessage(["done"]);
`;

/** What the script finds; of a mistake, its error. */
interface Found {
  readonly failed?: string;
  readonly together: readonly (readonly number[])[];
  readonly apart: readonly number[];
  readonly stopped: string;
  readonly resumed: readonly [stepsDone: number, steps: number];
  readonly uninterrupted: readonly number[];
  readonly stepwise: readonly number[];
  readonly own: readonly number[];
  readonly nowhere: string;
  readonly url: string;
  readonly rows: string;
  readonly cuda: string;
  readonly setting: string;
}

Deno.test({
  name: "a custom page trains with refract.web.js",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      await writePageLibrary(folder);
      const example = fileURLToPath(new URL("../../examples/page/", import.meta.url));
      for (const name of ["index.html", "tune.js"]) await Deno.copyFile(join(example, name), join(folder, name));
      await using server = serveFolder(folder);
      await inPage(server.url, display, async (page) => {
        await page.until(`!["", "…"].includes(document.getElementById("answer").textContent)`, 120);
        assert.ok(await page.evaluate<number>(`Number(document.getElementById("loss").textContent)`) < 0.1);
        assert.match(await page.evaluate<string>(`document.getElementById("answer").textContent`), /^ \w+mi$/);
      });
    }),
});

Deno.test({
  name:
    "trainings of a page of one's own run together, stop, resume and free their memory, and report mistakes in one line",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      await writePageLibrary(folder);
      await Deno.writeTextFile(join(folder, "index.html"), page);
      await Deno.writeTextFile(join(folder, "own.js"), script);
      await using server = serveFolder(folder);
      await inPage(server.url, display, async ({ until, evaluate, mostMemory }) => {
        const isFound = (name: string) => `found.some(([name]) => ["failed", "${name}"].includes(name))`;
        await until(isFound("setting"), 180);
        // The first of many trainings, then the last of them.
        const memory: number[] = [];
        const sample = async () => memory.push(await mostMemory(() => new Promise((done) => setTimeout(done, 300))));
        await sample();
        await until(isFound("done"), 180);
        await sample();
        const all = await evaluate<Found>("Object.fromEntries(found)");
        assert.equal(all.failed, undefined);
        assert.deepEqual(all.together[1], all.apart);
        assert.match(all.stopped, /^StoppedError: stopped at step \d+ of 400/);
        const [resumed, steps] = all.resumed;
        assert.ok(resumed >= 40 && resumed < 400 && steps === 400, `${resumed}, ${steps}`);
        assert.deepEqual(all.stepwise, all.uninterrupted);
        assert.deepEqual(all.own, all.together[0]);
        assert.match(all.nowhere, /^RequestError: .*\/nowhere\/config\.json can't be fetched \(404\); check/);
        assert.match(all.url, /^RequestError: .* is a URL; give what modelAt\(…\) returns for it$/);
        assert.match(all.rows, /^RequestError: .* is a URL; fetch it, and give its rows to records\(…\)$/);
        assert.match(all.cuda, /a browser has no provider cuda; give cpu or webgpu$/);
        assert.match(all.setting, /^RequestError: train has no setting "epoch"; did you mean "epochs"/);
        const [before, after] = memory;
        assert.ok(after! <= 1.3 * before!, `${memory.map((bytes) => (bytes / 1e6).toFixed(0)).join(" MB, then ")} MB`);
      });
    }),
});

/** Training in a browser tab: a pipeline's site in Chromium, compared with the same pipeline in Deno. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { writePageLibrary } from "../../pipelines/interchange/web/library.ts";
import type { Results } from "../../pipelines/results/results.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage, type Page } from "../support/browser.ts";
import { inProcess } from "../support/command.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { hasFirefox, inFirefox } from "../support/firefox.ts";
import { exported, quickstart, visit } from "../support/site.ts";
import { serveFolder } from "../support/static_server.ts";

const wide = { width: 1100, height: 900 }, phone = { width: 360, height: 740 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

/** The losses and answers of a pipeline in Deno. */
async function inDeno(pipeline: string, folder: string, ...args: readonly string[]) {
  const out = join(folder, `out-${crypto.randomUUID()}`), store = join(folder, "store");
  const all = ["run", pipeline, "--out", out, "--store", store, "--threads", "2", "--json", ...args];
  const { code, stdout, stderr } = await inProcess(...all);
  assert.equal(code, 0, stderr);
  const { members: [member] }: Results = JSON.parse(stdout);
  const losses = member!.stages.flatMap((stage) => stage.kind === "train" ? [...stage.losses] : []);
  const answersOf = async (name: string) => {
    const stage = member!.stages.find((each) => each.kind === "evaluate" && each.name === name);
    if (stage?.kind !== "evaluate") return [];
    const text = await Deno.readTextFile(join(out, stage.predictions));
    return text.trim().split("\n").map((line): { prompt: string; prediction: string } => JSON.parse(line));
  };
  return { losses, base: await answersOf("base"), tuned: await answersOf("tuned") };
}

function assertNear(found: readonly number[], expected: readonly number[], within: number) {
  assert.equal(found.length, expected.length);
  found.forEach((loss, at) =>
    assert.ok(Math.abs(loss - expected[at]!) <= within, `step ${at}: ${loss}, ${expected[at]}`)
  );
}

/** The messages except the expected one that there is no WebGPU adapter. */
const serious = (complaints: readonly string[]) => complaints.filter((text) => !text.includes("No available adapters"));

/** The bytes of the encode cache of these rows, as a run in Deno reports them. */
const hiddenStates = 1_509_888;

/** A pipeline that trains on a few rows, and prompts the base and the tuned model. */
const backwards = (base: string) => `
import { adamw, baseModel, block, evaluate, exactMatch, greedy, loreft, pipeline, records, train } from "refract";

const words = "apple river stone cloud music garden winter paper window bread ocean forest silver candle bridge letter";
const data = records(
  words.split(" ").map((word) => ({ word, back: [...word].reverse().join("") })),
  { prompt: "Spell {word} backwards:", completion: " {back}" },
);

export default pipeline("backwards", () => {
  const base = baseModel(${JSON.stringify(base)});
  const edited = base.with(loreft({ at: block(15).output, positions: "l1", rank: 4 }));
  const tuned = train(edited, { data, epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }) });
  const asked = { data: data.take(1), decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] };
  return { base: evaluate(base, asked), tuned: evaluate(tuned, asked) };
});`;

Deno.test({
  name: "the quickstart trains in a tab as in Deno, asks both models, and continues after a reload",
  ...options,
  fn: (t) =>
    inFolder(async (folder) => {
      const site = await exported(quickstart, folder);
      await using server = serveFolder(site);
      const deno = await inDeno(quickstart, folder);

      await t.step("by WebAssembly with threads: losses, answers, and no requests to others", () =>
        inPage(server.url, wide, async (page) => {
          const visitor = visit(page), loads = [await visitor.ready()];
          while (Math.min(...loads) > 1000 && loads.length < 5) {
            await page.reload();
            loads.push(await visitor.ready());
          }
          console.log(`ready after ${loads.join(", ")} ms`);
          assert.ok(Math.min(...loads) <= 1000, `${loads} ms`);
          assert.match(await visitor.text("state"), /WebAssembly with \d+ threads?; what is computed is kept/);
          await visitor.finish("show-rows");
          assert.match(await visitor.text("rows-count"), /^80 rows/);
          assert.equal(await page.evaluate(`document.querySelector(".token.edited").textContent`), ":");
          await visitor.finish("train");
          assertNear(await visitor.losses(), deno.losses, 1e-3);
          for (const at of [0, 1]) {
            const { prompt, prediction } = deno.tuned[at]!;
            assert.deepEqual(await visitor.ask(prompt), [deno.base[at]!.prediction, prediction]);
          }
          const { prompt } = deno.tuned[0]!, answers = await visitor.ask(prompt);
          await visitor.set("max-new-tokens", 200);
          await visitor.click("ask");
          await page.evaluate(`{
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["q,a"], "rows.csv"));
            dispatchEvent(new DragEvent("drop", { dataTransfer }));
          }`);
          assert.match(await visitor.text("fault"), /^the page is at work; drop the file again when that is done$/);
          await visitor.finish("stop");
          const shown = ["asking", "base-answer", "tuned-answer"].map((id) =>
            visitor.text(id)
          );
          assert.deepEqual(await Promise.all(shown), ["Stopped", "", ""]);
          await visitor.set("max-new-tokens", 4);
          assert.deepEqual(await visitor.ask(prompt), answers);
          await visitor.set("seed", 7);
          const longest = await page.longestTask(() => visitor.finish("train"));
          console.log(`longest task of the main thread while it trains: ${longest.toFixed(1)} ms of processor time`);
          assert.ok(longest < 50, `${longest} ms`);
          const foreign = `performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin)
            .filter((origin) => origin !== location.origin)`;
          assert.deepEqual(await page.evaluate(foreign), []);
          assert.deepEqual(serious(page.complaints), []);
        }));

      await t.step(
        "paused, reloaded, closed during a step, and without a connection: the numbers of one run",
        async () => {
          await using server = serveFolder(site);
          await inPage(server.url, wide, async (page) => {
            const visitor = visit(page), whole = await inDeno(quickstart, folder, "--set", "epochs=600");
            await visitor.ready();
            await visitor.set("epochs", 600);
            await visitor.click("train");
            await page.until(`/^Step (\\d\\d+) /.test(document.getElementById("left").textContent)`, 60);
            await new Promise((resolve) => setTimeout(resolve, 2500));
            await visitor.finish("pause");
            assert.match(await visitor.text("left"), /^Paused after step \d+;/);
            const before = await visitor.losses();
            assert.ok(before.length < whole.losses.length);
            await page.reload();
            await visitor.ready();
            await visitor.click("train");
            await page.until(`/^Step \\d/.test(document.getElementById("left").textContent)`, 60);
            await new Promise((resolve) => setTimeout(resolve, 2500));
            // Like a tab that is closed in the middle of a step.
            await page.reload();
            await visitor.ready();
            await visitor.finish("train", 300);
            const all = await visitor.losses();
            assertNear(all, whole.losses, 1e-3);
            assert.deepEqual(all.slice(0, before.length), before);
            // A returning visitor needs no connection.
            await server[Symbol.asyncDispose]();
            await page.reload();
            await visitor.ready();
            await visitor.finish("train", 300);
            assert.equal(await visitor.text("fault"), "");
            assert.match(await visitor.text("left"), /found from an earlier training/);
            await visitor.set("seed", 3);
            await visitor.set("epochs", 2);
            await visitor.finish("train");
            assert.equal((await visitor.losses()).length, 20);
          });
        },
      );

      await t.step("copies a link, with which another visitor asks the trained model", async () => {
        await using server = serveFolder(site);
        let link = "", answers: readonly string[] = [];
        const { prompt } = deno.tuned[0]!;
        await inPage(server.url, wide, async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          await visitor.finish("train");
          await page.evaluate(`{
            const clipboard = { writeText: (text) => Promise.resolve(void (window.copied = text)) };
            Object.defineProperty(navigator, "clipboard", { value: clipboard });
          }`);
          await visitor.finish("link");
          link = await page.evaluate<string>("window.copied");
          answers = await visitor.ask(prompt);
        });
        await inPage(link, phone, async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          assert.match(await visitor.text("kept"), /^Opened an edit of builtin:tiny/);
          assert.deepEqual(await visitor.ask(prompt), answers);
          assert.notEqual(answers[0], answers[1]);
        });
      });

      await t.step("downloads an intervention that saved() loads and the export to pyreft accepts", () =>
        inPage(server.url, wide, async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          await visitor.set("epochs", 2);
          await visitor.finish("train");
          await page.evaluate(`{
            const own = URL.createObjectURL;
            URL.createObjectURL = (blob) => {
              blob.arrayBuffer().then((bytes) => window.zip = [...new Uint8Array(bytes)]);
              return own(blob);
            };
          }`);
          await visitor.finish("download");
          await page.until("window.zip !== undefined");
          const files = unzipSync(Uint8Array.from(await page.evaluate<number[]>("window.zip")));
          for (const [name, bytes] of Object.entries(files)) {
            const path = join(folder, name);
            await Deno.mkdir(join(path, ".."), { recursive: true });
            await Deno.writeFile(path, bytes);
          }
          const found = join(folder, "intervention");
          const { code, stderr } = await inProcess("export", found, "--to", "pyreft", "--out", join(folder, "pyreft"));
          assert.equal(code, 0, stderr);
          const own = join(folder, "again.ts");
          await Deno.writeTextFile(
            own,
            `import { baseModel, evaluate, exactMatch, greedy, pipeline, saved } from "refract";
            import { unseen as data } from ${
              JSON.stringify(fileURLToPath(new URL("./colours.ts", `file://${quickstart}`)))
            };
            export default pipeline("again", () => ({
              tuned: evaluate(baseModel("builtin:tiny").with(saved(${JSON.stringify(found)})), {
                data, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()],
              }),
            }));`,
          );
          const { tuned } = await inDeno(own, folder);
          const [, answer] = await visitor.ask(tuned[0]!.prompt);
          assert.equal(answer, tuned[0]!.prediction);
        }));

      await t.step("by WebGPU, in software", () =>
        inPage(server.url, { ...phone, isDark: true, hasWebGpu: true }, async (page) => {
          const visitor = visit(page), short = await inDeno(quickstart, folder, "--set", "epochs=1");
          await visitor.ready();
          assert.match(await visitor.text("state"), /, WebGPU/);
          await visitor.set("provider", "webgpu");
          await visitor.set("epochs", 1);
          await visitor.finish("train", 300);
          assert.equal(await visitor.text("fault"), "");
          assertNear(await visitor.losses(), short.losses, 1e-3);
          const [, answer] = await visitor.ask(short.tuned[0]!.prompt, 300);
          assert.equal(answer, short.tuned[0]!.prediction);
          const [inner, outer] = await page.evaluate<[number, number]>(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
          );
          assert.ok(inner <= outer, `${inner} in ${outer}`);
        }));
    }),
});

Deno.test({
  name: "the quickstart trains in Firefox as in Deno, and is restored after a reload",
  ...options,
  ignore: !hasFirefox(),
  fn: () =>
    inFolder(async (folder) => {
      const site = await exported(quickstart, folder), deno = await inDeno(quickstart, folder);
      await using server = serveFolder(site);
      await inFirefox(server.url, async (page) => {
        const visitor = visit(page);
        await visitor.ready();
        assert.match(await visitor.text("state"), /WebAssembly with \d+ threads?.*; what is computed is kept/);
        await visitor.finish("train", 300);
        assert.equal(await visitor.text("fault"), "");
        assertNear(await visitor.losses(), deno.losses, 1e-3);
        const { prompt, prediction } = deno.tuned[0]!;
        assert.deepEqual(await visitor.ask(prompt), [deno.base[0]!.prediction, prediction]);
        await page.evaluate("{ delete document.body.dataset.ready; location.reload(); }");
        await visitor.ready();
        await visitor.finish("train");
        assert.match(await visitor.text("left"), /found from an earlier training/);
      });
    }),
});

Deno.test({
  name: "SmolLM2-135M trains in a tab as in Deno",
  ...options,
  ignore: options.ignore || sharedFolder() === undefined,
  fn: (t) =>
    inFolder(async (folder) => {
      const pipeline = join(folder, "pipeline.ts"), base = await smollm2Folder(sharedFolder()!);
      await Deno.writeTextFile(pipeline, backwards(base));
      const site = await exported(pipeline, folder), deno = await inDeno(pipeline, folder);
      await using server = serveFolder(site);
      const weights = (await Deno.stat(join(base, "model.safetensors"))).size;
      const asDeno = async (page: Page, provider: "cpu" | "webgpu", seconds: number) => {
        const visitor = visit(page), { prompt, prediction } = deno.tuned[0]!;
        await visitor.ready();
        await visitor.set("provider", provider);
        // One epoch fewer is enough: the losses of two steps after the pause depend on what the optimizer restored.
        await visitor.set("epochs", 2);
        await visitor.click("train");
        await page.until(`/^Step 1 /.test(document.getElementById("left").textContent)`, seconds);
        await visitor.finish("pause", seconds);
        const before = await visitor.losses();
        assert.match(await visitor.text("left"), /^Paused after step [12];/);
        await page.reload();
        // A GPU in software first finishes what the page had begun.
        await visitor.ready(seconds);
        await visitor.finish("train", seconds);
        assert.equal(await visitor.text("fault"), "");
        const resumed = await visitor.losses();
        assert.deepEqual(resumed.slice(0, before.length), before);
        await visitor.set("epochs", 3);
        await visitor.finish("train", seconds);
        assert.equal(await visitor.text("fault"), "");
        const losses = await visitor.losses();
        assertNear(losses, deno.losses, 1e-3);
        assert.equal(resumed.length, 4);
        assert.deepEqual(resumed, losses.slice(0, resumed.length));
        assert.deepEqual(await visitor.ask(prompt, seconds), [deno.base[0]!.prediction, prediction]);
        assert.deepEqual(serious(page.complaints), []);
      };
      await t.step("by WebAssembly", () => inPage(server.url, wide, (page) => asDeno(page, "cpu", 600)));
      await t.step("by WebAssembly, with little more memory than its weights", () =>
        inPage(server.url, wide, async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          const most = await page.mostMemory(() =>
            visitor.finish("train", 600)
          );
          const held = await page.mostMemory(() => new Promise((resolve) => setTimeout(resolve, 500)));
          const shares = [held, most].map((bytes) => bytes / weights);
          console.log(`private memory: ${shares.map((share) => share.toFixed(2)).join(", at most ")} × the weights`);
          // The peak contains what JavaScript has not yet collected, and what the compiler of WebAssembly works with.
          assert.ok(held <= 1.3 * weights + hiddenStates && most <= 1.36 * weights + hiddenStates, `${held}, ${most}`);
          await visitor.set("seed", 7);
          const resumed = await page.mostMemory(async () => {
            await visitor.click("train");
            await page.until(`/^Step 1 /.test(document.getElementById("left").textContent)`, 600);
            await visitor.finish("pause", 600);
            await visitor.finish("train", 600);
          });
          console.log(`with a pause: at most ${(resumed / weights).toFixed(2)} × the weights`);
          // A session that a pause left open would keep half of the weights.
          assert.ok(resumed <= 1.5 * weights + hiddenStates, `${resumed}`);
        }));
      await t.step({
        name: "by WebGPU, in software",
        ignore: Deno.env.get("REFRACT_SLOW_TESTS") === undefined,
        fn: () => inPage(server.url, { ...wide, hasWebGpu: true }, (page) => asDeno(page, "webgpu", 1800)),
      });
    }),
});

Deno.test({
  name: "a custom page trains with refract.web.js",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      await writePageLibrary(folder);
      const example = fileURLToPath(new URL("../../examples/page/", import.meta.url));
      for (const name of ["index.html", "tune.js"]) await Deno.copyFile(join(example, name), join(folder, name));
      await using server = serveFolder(folder);
      await inPage(server.url, phone, async (page) => {
        await page.until(`!["", "…"].includes(document.getElementById("answer").textContent)`, 120);
        assert.ok(await page.evaluate<number>(`Number(document.getElementById("loss").textContent)`) < 0.1);
        assert.match(await page.evaluate<string>(`document.getElementById("answer").textContent`), /^ \w+mi$/);
      });
    }),
});

Deno.test({
  name: "a page reports missing features and errors in rows, settings and models in one line",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      const site = await exported(quickstart, folder);
      await using server = serveFolder(site, {
        isIsolated: false,
        instead: (path) => path.startsWith("/nowhere/") ? new Response("", { status: 404 }) : undefined,
      });
      await inPage(server.url, phone, async (page) => {
        const visitor = visit(page);
        await visitor.ready();
        assert.match(await visitor.text("state"), /WebAssembly with 1 thread;/);
        assert.match(await visitor.text("notes"), /Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder/);
        assert.match(await visitor.text("notes"), /no WebGPU for the page; training uses WebAssembly/);
        const refused = async (act: () => Promise<void>, pattern: RegExp) => {
          await act();
          const fault = await visitor.text("fault");
          assert.match(fault, pattern);
          assert.ok(!fault.includes("\n") && !/\bat \w+ \(|\.js:\d/.test(fault), fault);
        };
        const train = () => visitor.finish("train");
        await refused(() => visitor.set("layer", "first").then(train), /the layer "first" is not a number/);
        await refused(() => visitor.set("layer", 99).then(train), /99/);
        await visitor.set("layer", 2);
        await refused(() => visitor.set("positions", "l").then(train), /positions/);
        await visitor.set("positions", "l1");
        await refused(() => visitor.set("rank", 0).then(train), /rank/);
        await visitor.set("rank", 4);
        await visitor.set("learning-rate", 1e30);
        await refused(train, /^the loss of step \d+ of \d+ is (NaN|-?Infinity); lower the learning rate$/);
        await visitor.set("learning-rate", 0.02);
        const long = `question,answer\n${"what ".repeat(2000)},it\n`;
        await refused(
          () => visitor.choose("long.csv", long).then(train),
          /^long\.csv:2: the row has \d+ tokens, but the model reads at most \d+; shorten the row$/,
        );
        await refused(() => visitor.choose("rows.txt", "a,b").then(train), /rows\.txt is not a file of rows/);
        await refused(() => visitor.choose("rows.jsonl", '{"q":"a"').then(train), /rows\.jsonl/);
        await refused(() => visitor.choose("rows.csv", "q\n1,2\n").then(train), /rows\.csv/);
        await visitor.choose("rows.csv", "question,answer\nwhat,it\nwho,me\n");
        assert.deepEqual(
          await page.evaluate(`["prompt", "completion"].map((id) => document.getElementById(id).value)`),
          ["{question}", "{answer}"],
        );
        await visitor.finish("show-rows");
        assert.match(await visitor.text("rows-count"), /^2 rows/);
        await visitor.set("source", "own");
        await visitor.set("base", "other");
        await refused(() => visitor.set("other-base", "").then(train), /no base model is named/);
        await refused(
          () => visitor.set("other-base", "./nowhere/").then(train),
          /config\.json can't be fetched \(404\)/,
        );
      });
    }),
});

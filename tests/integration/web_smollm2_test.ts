/** Training a real model in a browser tab, compared with Deno. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage, type Page } from "../support/browser.ts";
import { assertNear, inDeno, serious } from "../support/in_deno.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { exported, visit } from "../support/site.ts";
import { serveFolder } from "../support/static_server.ts";

const wide = { width: 1100, height: 900 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

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

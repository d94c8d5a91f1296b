/** Training in a browser tab: the quickstart's site in Chromium and in Firefox, compared with Deno. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage } from "../support/browser.ts";
import { inProcess } from "../support/command.ts";
import { hasFirefox, inFirefox } from "../support/firefox.ts";
import { assertNear, inDeno, serious } from "../support/in_deno.ts";
import { exported, quickstart, visit } from "../support/site.ts";
import { serveFolder } from "../support/static_server.ts";

const wide = { width: 1100, height: 900 }, phone = { width: 360, height: 740 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

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

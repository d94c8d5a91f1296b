/** The report's page in a real browser, of a run of the examples; and a page that follows a run. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { serveReport } from "../../pipelines/cli/commands/watch_command.ts";
import { liveFile, LiveLog } from "../../pipelines/report/live.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage } from "../support/browser.ts";
import { inProcess } from "../support/command.ts";

const wide = { width: 1100, height: 900 }, phone = { width: 360, height: 740 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

async function reportOf(folder: string, example: string): Promise<string> {
  const file = fileURLToPath(new URL(`../../examples/${example}/pipeline.ts`, import.meta.url));
  const { code, stderr } = await inProcess("run", file, "--store", join(folder, "store"), "--out", join(folder, "out"));
  assert.equal(code, 0, stderr);
  return pathToFileURL(join(folder, "out", "report.html")).href;
}

const count = (selector: string) => `document.querySelectorAll(${JSON.stringify(selector)}).length`;
const column = (at: number) =>
  `[...document.querySelectorAll("#table tbody tr")].map((row) => row.children[${at}].textContent)`;

Deno.test({
  name: "the page of a sweep has its plots, sorts by mouse and keyboard, filters, and fits a phone, light and dark",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      const url = await reportOf(folder, "rank-by-layer");
      for (const display of [wide, { ...wide, isDark: true }, phone, { ...phone, isDark: true }]) {
        await inPage(url, display, async (page) => {
          assert.deepEqual(
            await page.evaluate(
              `[${["#heatmap rect", "#loss-plot .curve", "#cost-plot .dot", "#time-plot rect"].map(count)}]`,
            ),
            [16, 16, 16, 3],
          );
          assert.ok(await page.evaluate<number>(count("#sample-list li")) > 0);
          const [inner, outer] = await page.evaluate<[number, number]>(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
          );
          assert.ok(inner <= outer, `${inner} in ${outer}`);
          const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
          assert.equal(Number(/rgb\((\d+)/.exec(ground)![1]) < 128, "isDark" in display);
          assert.deepEqual(page.complaints, []);
        });
      }
      await inPage(url, wide, async (page) => {
        await page.evaluate(`[...document.querySelectorAll("#table button")][1].click()`);
        const sorted = (await page.evaluate<string[]>(column(1))).map(Number);
        assert.deepEqual(sorted, [...sorted].sort((a, b) => b - a));
        assert.equal(
          await page.evaluate(`document.querySelectorAll("#table th")[1].getAttribute("aria-sort")`),
          "descending",
        );
        // The button that was used has the focus again, so that the keyboard goes on from it.
        await page.press("Enter");
        await page.until(`document.querySelectorAll("#table th")[1].getAttribute("aria-sort") === "ascending"`);
        await page.press("Tab");
        await page.press("Enter");
        await page.until(`document.querySelectorAll("#table th")[2].getAttribute("aria-sort") === "ascending"`);
        await page.evaluate(`document.getElementById("filter").focus()`);
        await page.evaluate(
          `{ const f = document.getElementById("filter"); f.value = "layer=1,"; f.dispatchEvent(new Event("input")); }`,
        );
        assert.equal(await page.evaluate(count("#table tbody tr")), 4);
        assert.deepEqual(page.complaints, []);
      });
    }),
});

Deno.test({
  name: "the page of a search tells what was chosen, and the mean of repeated seeds",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      await inPage(await reportOf(folder, "tune-then-test"), wide, async (page) => {
        assert.equal(await page.evaluate(count("#repeat-table tbody tr")), 1);
        assert.match(await page.evaluate("document.getElementById('repeat-table').textContent"), /best.*±.*3/);
        assert.deepEqual(page.complaints, []);
      });
    }),
});

Deno.test({
  name: "a watched page follows a run that begins later",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      const stop = new AbortController(), run = join(folder, "later");
      let address = "";
      const print = (text: string) => void (address = /http:\S+/.exec(text)![0]);
      const watching = serveReport(run, 0, { print }, stop.signal);
      await inPage(address, wide, async (page) => {
        await page.until(`document.body.textContent.includes("waiting for the run to begin")`);
        await Deno.mkdir(run);
        const live = new LiveLog(run, "sweep"), stage = "tuned", steps = 3, learningRate = 0.1, seconds = 1;
        live.take({ kind: "membersReady", members: [] });
        live.take({ kind: "trainingStarted", stage, members: ["main"], steps, stepsDone: 0 });
        for (const [at, loss] of [3, 2, 1].entries()) {
          const members = [{ member: "main", loss }];
          live.take({ kind: "step", stage, step: at + 1, steps, learningRate, seconds, members });
        }
        await page.until(`document.querySelectorAll("#loss-plot .curve").length === 1`);
        await page.until(`document.body.textContent.includes("train tuned 3/3")`);
        await live.close();
        assert.ok(![...Deno.readDirSync(run)].some(({ name }) => name === liveFile));
        assert.deepEqual(page.complaints, []);
      });
      stop.abort();
      await watching;
    }),
});

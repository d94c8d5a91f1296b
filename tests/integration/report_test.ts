/** The report's page in a real browser, for runs of the examples; and a page that follows a run. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { serveReport } from "../../pipelines/cli/commands/watch_command.ts";
import { liveFile, LiveLog } from "../../pipelines/report/live.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage } from "../support/browser.ts";
import { inProcess } from "../support/command.ts";
import { inScene } from "../support/scene.ts";

const wide = { width: 1100, height: 900 }, phone = { width: 360, height: 740 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

async function reportOf(folder: string, example: string): Promise<string> {
  const file = fileURLToPath(new URL(`../../examples/${example}/pipeline.ts`, import.meta.url));
  const { code, stderr } = await inProcess("run", file, "--store", join(folder, "store"), "--out", join(folder, "out"));
  assert.equal(code, 0, stderr);
  return pathToFileURL(join(folder, "out", "report.html")).href;
}

/** Elements that extend beyond the right edge of the screen. */
const tooWide = `[...document.querySelectorAll("body *")].filter((each) => {
  return !each.closest(".skip, script") && each.getBoundingClientRect().right > innerWidth + 0.5;
}).map((each) => each.tagName + "#" + each.id)`;

const count = (selector: string) => `document.querySelectorAll(${JSON.stringify(selector)}).length`;
/** Points of plots outside the first and the last tick of the vertical axis. */
const outsideTicks = `[...document.querySelectorAll("figure svg")].flatMap((picture) => {
  const ticks = [...picture.querySelectorAll(".grid")].map((line) => Number(line.getAttribute("y1")));
  const points = [...picture.querySelectorAll("circle.dot")].map((dot) => Number(dot.getAttribute("cy")));
  const lines = [...picture.querySelectorAll("polyline")].flatMap((line) => {
    return [...line.points].map(({ y }) => y);
  });
  if (ticks.length === 0) return [];
  return [...points, ...lines].filter((y) => y > Math.max(...ticks) + 0.1 || y < Math.min(...ticks) - 0.1);
})`;
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
          if (display.width < 500) assert.deepEqual(await page.evaluate(tooWide), []);
          const [inner, outer] = await page.evaluate<[number, number]>(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
          );
          assert.ok(inner <= outer, `${inner} in ${outer}`);
          // The ends of the axes are ticks, between which all points lie.
          assert.deepEqual(await page.evaluate(outsideTicks), []);
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
        // The pressed button has the focus again, so that the keyboard continues from it.
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
  name: "the page of a search shows its selection, and the mean of repeated seeds",
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

const sweepWithSeeds = `
import { adamw, baseModel, block, evaluate, exactMatch, greedy, loreft, pipeline, sweep, train } from "refract";
import { seen, unseen } from "${new URL("../../examples/quickstart/colours.ts", import.meta.url)}";

export default pipeline("seeds", () => {
  const rank = sweep("rank", [1, 4, 16]), seed = sweep("seed", [1, 2]), base = baseModel("builtin:tiny");
  const tuned = train(base.with(loreft({ at: block(2).output, positions: "l1", rank })), {
    data: seen.take(16), epochs: 2, batchSize: 8, seed, optimizer: adamw({ learningRate: 1e-2 }),
  });
  const answers = { data: unseen.take(30), decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] };
  return { base: evaluate(base, answers), tuned: evaluate(tuned, answers) };
});
`;

Deno.test({
  name: "the page of a sweep along one axis names the best over its seeds, and shows rows, classes and settings",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "pipeline.ts"), sweepWithSeeds);
      const out = join(folder, "out"), store = join(folder, "store");
      const { code, stderr } = await inProcess("run", join(folder, "pipeline.ts"), "--store", store, "--out", out);
      assert.equal(code, 0, stderr);
      assert.equal(await Deno.readTextFile(join(out, "pipeline.ts")), sweepWithSeeds);
      const results = JSON.parse(await Deno.readTextFile(join(out, "results.json")));
      const text = (id: string) => `document.getElementById("${id}").textContent`;
      const url = pathToFileURL(join(out, "report.html")).href;
      await inPage(url, phone, async (page) => {
        assert.deepEqual(await page.evaluate(tooWide), []);
        assert.deepEqual(await page.evaluate(outsideTicks), []);
      });
      await inPage(url, wide, async (page) => {
        const said = await page.evaluate<string>(text("verdict"));
        assert.match(
          said,
          /^tuned exactMatch: .*\(n = 30 × 2 seeds\), (not distinguishable from|better than|equal to) base 0\.00/,
        );
        const byRank = Map.groupBy(results.members as Member[], ({ axes }) => axes.rank);
        const means = [...byRank.values()].map((members) => {
          return members.reduce((sum, each) => sum + each.stages.at(-1)!.metrics.exactMatch, 0) / members.length;
        });
        assert.ok(said.includes(Math.max(...means).toFixed(2)), `${said} of ${means}`);
        assert.deepEqual(
          await page.evaluate(`[${["#axis-plot .dot", "#axis-plot .base", "#heatmap rect"].map(count)}]`),
          [
            ...[3, 1, 0],
          ],
        );
        // The base's columns are last, and separate.
        const apart = await page.evaluate<string[]>(
          `[...document.querySelectorAll("#table th")].map((each) => each.className + each.textContent)`,
        );
        assert.equal(apart.at(-1), "apartbase exactMatch");
        assert.match(await page.evaluate(text("table")), /share of base.*0\.0325 %/);
        // Two members side by side.
        assert.match(await page.evaluate(text("compare-table")), /train loreft edit\.rank/);
        assert.match(await page.evaluate(text("compare-table")), /[+−]\d\.\d{4} ± \d\.\d{4} \(p [=<] /);
        await page.evaluate(`{ const [, second] = document.querySelectorAll("#compare-controls select");
          second.selectedIndex = document.querySelector("#compare-controls select").selectedIndex;
          second.dispatchEvent(new Event("change")); }`);
        assert.equal(await page.evaluate(text("compare-note")), "They have the same settings.");
        // Rows: where the two differ, and a search.
        assert.match(await page.evaluate(text("class-table")), /^classrowstunedbasemost frequent mistake/);
        const all = await page.evaluate<string>(text("rows-shown"));
        assert.equal(all, "30 of 30");
        await page.evaluate(`{ const show = [...document.querySelectorAll("#row-controls select")].at(-1);
          show.value = "wrong answers"; show.dispatchEvent(new Event("change")); }`);
        const wrong = await page.evaluate<string>(text("rows-shown"));
        const [first] = wrong.split(" ").map(Number);
        assert.equal(await page.evaluate(count("#sample-list li > .answers > div:last-child .right")), 0);
        const missed = await page.evaluate<number>(count("#sample-list li > .answers > div:last-child .wrong"));
        assert.equal(missed, Math.min(first!, 20));
        await page.evaluate(`{ const show = [...document.querySelectorAll("#row-controls select")].at(-1);
          show.value = "all rows"; show.dispatchEvent(new Event("change"));
          const search = document.getElementById("row-search");
          search.value = "BADGER"; search.dispatchEvent(new Event("input")); }`);
        assert.equal(await page.evaluate(text("rows-shown")), "1 of 30");
        assert.equal(await page.evaluate(text("source-text")), sweepWithSeeds);
        assert.ok(!(await page.evaluate<string>(text("manifest-text"))).includes(folder));
        assert.deepEqual(page.complaints, []);
      });
    }),
});

/** The parts of the results that the test reads. */
interface Member {
  readonly axes: { readonly rank: number };
  readonly stages: readonly { readonly metrics: { readonly exactMatch: number } }[];
}

Deno.test({
  name: "the page of a run with only activations names the written files, and has nothing about training",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(
        join(folder, "pipeline.ts"),
        `import { activations, baseModel, block, pipeline, records } from "refract";
const rows = records([{ q: "a" }, { q: "the cat" }], { prompt: "{q}", completion: " x" });
export default pipeline("look", () => ({
  states: activations(baseModel("builtin:tiny"), { data: rows, positions: "l1", sites: [block(1).output] }),
}));
`,
      );
      const out = join(folder, "out");
      const { code, stderr } = await inProcess(
        ...["run", join(folder, "pipeline.ts"), "--store", join(folder, "store"), "--out", out],
      );
      assert.equal(code, 0, stderr);
      await inPage(pathToFileURL(join(out, "report.html")).href, wide, async (page) => {
        const shown = await page.evaluate<string>("document.querySelector('main').innerText");
        assert.match(shown, /\b2\nrows of activations in states/);
        assert.doesNotMatch(shown, /train|parameter/i);
        assert.deepEqual(page.complaints, []);
      });
    }),
});

Deno.test({
  name: "names with markup, very long rows and right-to-left text are shown as they are, and fit a small phone",
  ...options,
  fn: () =>
    inScene({ rank: 'sweep("rank", [1, 2])', heldOut: "rows" }, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const results = scene.path("out", "results.json"), mark = '</script><script>window.ran = 1</script><img src=x>"';
      const { digest: _, files: __, ...rest } = JSON.parse(await Deno.readTextFile(results));
      for (const [at, member] of rest.members.entries()) {
        Object.assign(member, { id: `${mark}${at}`, axes: { [mark]: at } });
      }
      await Deno.writeTextFile(results, JSON.stringify({ ...rest, pipeline: mark }));
      for (const { stages } of rest.members) {
        const file = scene.path("out", stages.at(-1).predictions),
          lines = (await Deno.readTextFile(file)).trim().split("\n");
        const long = { prompt: `שלום ${"x".repeat(100_000)}`, prediction: `${mark}${"y ".repeat(50_000)}` };
        const changed = lines.map((line) => JSON.stringify({ ...JSON.parse(line), ...long }));
        await Deno.writeTextFile(file, changed.join("\n") + "\n");
      }
      assert.equal((await inProcess("report", scene.path("out"))).code, 0);
      await inPage(pathToFileURL(scene.path("out", "report.html")).href, { width: 320, height: 640 }, async (page) => {
        assert.equal(await page.evaluate(`"ran" in window || document.querySelector("main img") !== null`), false);
        assert.equal(await page.evaluate(`document.querySelector("h1").textContent`), mark);
        assert.match(await page.evaluate(`document.querySelector("header").innerText`), /\b1 thread\b/);
        // A page that is too wide is shown smaller on a phone.
        assert.equal(await page.evaluate("innerWidth"), 320);
        // Plots cut off the names at their edges.
        assert.deepEqual((await page.evaluate<readonly string[]>(tooWide)).filter((each) => each !== "text#"), []);
        const height = await page.evaluate<number>("document.documentElement.scrollHeight");
        assert.ok(height < 12_000, `${height}`);
        const direction = `getComputedStyle(document.querySelector("#sample-list .prompt")).direction`;
        assert.equal(await page.evaluate(direction), "rtl");
        assert.deepEqual(page.complaints, []);
      });
    }),
});

Deno.test({
  name: "a watched page follows a run that starts later",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      const stop = new AbortController(), run = join(folder, "later");
      const address = Promise.withResolvers<string>();
      const print = (text: string) => address.resolve(/http:\S+/.exec(text)![0]);
      const watching = serveReport(run, 0, { print }, stop.signal);
      await inPage(await address.promise, wide, async (page) => {
        const main = "document.querySelector('main').innerText";
        await page.until(`/waiting\\s+for the run to begin/.test(${main})`);
        await Deno.mkdir(run);
        const live = new LiveLog(run, "sweep"), stage = "tuned", steps = 5, learningRate = 0.1, seconds = 1;
        const outline = { trainableParameters: 257, baseParameters: 100_000, stages: [] };
        const members = [1, 2].map((rank) => ({
          id: `rank=${rank}`,
          repeated: `rank=${rank}`,
          axes: { rank },
          ...outline,
        }));
        live.take({ kind: "membersReady", members });
        // The two steps before the run was stopped are included.
        const before = { stepsDone: 2, losses: [[5, 4]] };
        live.take({ kind: "trainingStarted", stage, members: ["rank=1"], steps, ...before });
        for (const [at, loss] of [3, 2, 1].entries()) {
          const members = [{ member: "rank=1", loss }];
          live.take({ kind: "step", stage, step: at + 3, steps, learningRate, seconds, members });
        }
        await page.until(`document.querySelectorAll("#loss-plot .curve").length === 1`);
        await page.until(`document.body.textContent.includes("train tuned 5/5")`);
        assert.equal(await page.evaluate(`document.querySelector("#loss-plot .curve").points.length`), 5);
        const shown = await page.evaluate<string>(main);
        assert.match(shown, /257\nparameters trained, 0\.257 % of the base model's/);
        assert.match(shown, /0 of 2\nmembers done/);
        assert.deepEqual(await page.evaluate(column(0)), ["rank=1", "rank=2"]);
        assert.match(await page.evaluate(`document.getElementById("table").textContent`), /at work.*waiting/s);
        assert.doesNotMatch(shown, /in the store|cached|\b0\s+parameters/);
        // A killed process removes nothing and writes nothing.
        const state = await Deno.readTextFile(join(run, liveFile));
        await live.close();
        assert.ok(![...Deno.readDirSync(run)].some(({ name }) => name === liveFile));
        const written = new Date(Date.now() - 60_000);
        await Deno.writeTextFile(join(run, liveFile), JSON.stringify({ ...JSON.parse(state), written }));
        await page.until(`/no sign of life\\s+since .* at train tuned 5\\/5/.test(${main})`);
        assert.deepEqual(page.complaints, []);
      });
      stop.abort();
      await watching;
    }),
});

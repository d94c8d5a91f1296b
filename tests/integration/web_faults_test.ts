/** Faults that a visitor may meet: too little storage, a model too large, no connection, a lost device. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage, type Page } from "../support/browser.ts";
import { exported, quickstart, visit } from "../support/site.ts";
import { serveFolder, type StaticServer } from "../support/static_server.ts";

const display = { width: 390, height: 800 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

/** A page of the quickstart's site. */
function inSite(
  test: (page: Page, server: StaticServer) => Promise<void>,
  { hasWebGpu = false, also = () => Promise.resolve(), first = "" }: {
    readonly hasWebGpu?: boolean;
    readonly also?: (site: string) => Promise<void>;
    /** What the worker runs before its own script. */
    readonly first?: string;
  } = {},
): Promise<void> {
  return inFolder(async (folder) => {
    const site = await exported(quickstart, folder);
    await also(site);
    const engine = await Array.fromAsync(Deno.readDir(join(site, "scripts")), ({ name }) => name)
      .then((names) => join(site, "scripts", names.find((name) => name.startsWith("engine"))!));
    await Deno.writeTextFile(engine, first + await Deno.readTextFile(engine));
    await using server = serveFolder(site);
    await inPage(server.url, { ...display, hasWebGpu }, (page) => test(page, server));
  });
}

async function faultOf(page: Page): Promise<string> {
  const fault = await visit(page).text("fault");
  assert.ok(!fault.includes("\n") && !/\bat \w+ \(|\.js:\d/.test(fault), fault);
  return fault;
}

Deno.test({
  name: "a quota that is too small is reported, and the missing files are written once there is space",
  ...options,
  fn: () =>
    inSite(async (page, { url }) => {
      const visitor = visit(page), { origin } = new URL(url);
      await page.setQuota(origin, 1e6);
      await visitor.ready();
      await visitor.set("epochs", 1);
      await visitor.finish("train");
      assert.match(await faultOf(page), /the browser has no room left for this site; free some space/);
      assert.equal(await visitor.text("left"), "");
      await page.setQuota(origin, 1e9);
      await visitor.finish("train");
      assert.equal(await faultOf(page), "");
      assert.equal((await visitor.losses()).length, 10);
    }),
});

Deno.test({
  name: "a model that needs 64-bit addresses is refused before its download",
  ...options,
  fn: () =>
    inSite(async (page, { asked }) => {
      const visitor = visit(page);
      await visitor.ready();
      await visitor.set("base", "other");
      await visitor.set("other-base", "./models/large/");
      await visitor.finish("train");
      assert.match(
        await faultOf(page),
        /^the model has 4\.00 GB of weights, and WebAssembly's 32-bit addresses leave 3\.50 GB; choose a smaller model$/,
      );
      assert.deepEqual(asked.filter((path) => path.endsWith(".safetensors")), []);
    }, {
      async also(site) {
        const folder = join(site, "models", "large");
        await Deno.mkdir(folder, { recursive: true });
        const files = [{ name: "model.safetensors", size: 4e9, sha256: "", parts: [] }];
        await Deno.writeTextFile(join(folder, "refract-files.json"), JSON.stringify({ files }));
      },
    }),
});

Deno.test({
  name: "a returning visitor trains and asks without a connection",
  ...options,
  fn: () =>
    inSite(async (page, server) => {
      const visitor = visit(page);
      await visitor.ready();
      await visitor.set("epochs", 1);
      await visitor.finish("train");
      await server[Symbol.asyncDispose]();
      await page.reload();
      await visitor.ready();
      await visitor.set("seed", 3);
      await visitor.finish("train");
      assert.equal(await faultOf(page), "");
      assert.equal((await visitor.losses()).length, 10);
      const [base, tuned] = await visitor.ask("the lion is");
      assert.equal(await faultOf(page), "");
      assert.ok(base !== "" && tuned !== "");
    }),
});

Deno.test({
  name: "a second tab reports that another has the files locked, and a tab closed during a step leaves no lock",
  ...options,
  fn: () =>
    inSite(async (page, { url }) => {
      const visitor = visit(page);
      await visitor.ready();
      await page.beside(url, async (second) => {
        await visit(second).ready();
        assert.match(
          await faultOf(second),
          /another tab of this site, or of one on its host, has the files open; close it and reload this one/,
        );
      });
      await visitor.set("epochs", 300);
      await visitor.click("train");
      await page.until(`/^Step \\d\\d/.test(document.getElementById("left").textContent)`, 60);
      await page.reload();
      await visitor.ready();
      await visitor.click("train");
      await page.until(`/^Step \\d/.test(document.getElementById("left").textContent)`, 30);
      await visitor.finish("pause");
      assert.doesNotMatch(await visitor.text("notes"), /waiting/);
    }),
});

Deno.test({
  name: "training continues after the GPU device is lost",
  ...options,
  fn: () =>
    inSite(async (page) => {
      const visitor = visit(page);
      await visitor.ready();
      await visitor.set("provider", "webgpu");
      await visitor.set("epochs", 1);
      await visitor.click("train");
      await page.until(`/^Step [3-9] /.test(document.getElementById("left").textContent)`, 300);
      await page.loseGpu();
      await visitor.idle(300);
      assert.equal(await faultOf(page), "");
      assert.match(
        await visitor.text("notes"),
        /The GPU's device was lost \(.*\)\. It goes on from the last step that was kept\./,
      );
      const losses = await visitor.losses();
      assert.equal(losses.length, 10);
      await visitor.set("provider", "cpu");
      await visitor.finish("train");
      (await visitor.losses()).forEach((loss, step) =>
        assert.ok(Math.abs(loss - losses[step]!) < 1e-3, `step ${step}`)
      );
    }, { hasWebGpu: true }),
});

Deno.test({
  name: "a page says that it waits for a busy GPU, and asking is stopped by keyboard",
  ...options,
  fn: () =>
    inSite(async (page) => {
      const visitor = visit(page), waits = /^Waiting for the GPU, which is busy/;
      const focused = (id: string) => page.until(`document.activeElement.id === "${id}"`);
      await page.until(`${waits}.test(document.getElementById("state").textContent)`);
      await visitor.ready();
      assert.match(await visitor.text("state"), /^Ready: .*WebGPU/);
      await visitor.set("provider", "webgpu");
      await page.evaluate(`document.getElementById("ask").focus()`);
      await page.press("Enter");
      await page.until(`${waits}.test(document.getElementById("asking").textContent)`);
      await focused("stop");
      await page.press("Enter");
      await visitor.idle();
      assert.equal(await visitor.text("asking"), "Stopped");
      await focused("ask");
      assert.equal(await visitor.text("base-answer"), "");
      assert.equal(await faultOf(page), "");
      await visitor.set("provider", "cpu");
      const [base] = await visitor.ask("the lion is");
      assert.equal(await faultOf(page), "");
      assert.notEqual(base, "");
      assert.equal(await visitor.text("asking"), "");
      await visitor.set("provider", "webgpu");
      await visitor.click("train");
      await page.until(`${waits}.test(document.getElementById("left").textContent)`);
      await visitor.finish("pause");
      assert.match(await visitor.text("left"), /^Paused after step 0/);
    }, {
      hasWebGpu: true,
      first: `{
        const own = navigator.gpu.requestAdapter.bind(navigator.gpu);
        navigator.gpu.requestAdapter = async (...options) => {
          await new Promise((resolve) => setTimeout(resolve, 3000));
          return await own(...options);
        };
      }
`,
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
      await inPage(server.url, display, async (page) => {
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

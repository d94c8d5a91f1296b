/** A tab that loads a base model by its Hugging Face id, from a hub on this machine with another origin. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage, type Page } from "../support/browser.ts";
import { type Files, type RepositoryOptions, withHub } from "../support/hub.ts";
import { exported, quickstart, visit } from "../support/site.ts";
import { serveFolder } from "../support/static_server.ts";

const tiny = fileURLToPath(new URL("../../pipelines/models/builtin/tiny/", import.meta.url));
const display = { width: 390, height: 800 };

async function tinyFiles(): Promise<Files> {
  const names = Array.from(Deno.readDirSync(tiny), ({ name }) => name);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await Deno.readFile(join(tiny, name))])),
  );
}

/** Names a model, and returns the error that the visitor sees, or the losses. */
function trainer(page: Page) {
  const visitor = visit(page);
  return async (id: string, seed = 1) => {
    await visitor.set("base", "other");
    await visitor.set("other-base", id);
    await visitor.set("epochs", 1);
    await visitor.set("seed", seed);
    await visitor.finish("train");
    const fault = await visitor.text("fault");
    assert.ok(!fault.includes("\n") && !/\bat \w+ \(|\.js:\d|--allow|HF_|Deno/.test(fault), fault);
    return { fault, losses: fault === "" ? await visitor.losses() : [] };
  };
}

Deno.test({
  name: "a tab loads a model from a hub: redirected, interrupted, and kept for a visit without a connection",
  ignore: !hasBrowser(),
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const files = await tinyFiles(),
      repositories: Record<string, RepositoryOptions> = {
        "owner/tiny": { files },
        "owner/gated": { files, licensee: "hf_of_someone" },
        "owner/empty": { files: { "config.json": files["config.json"]! } },
      };
    await withHub(repositories, (elsewhere) =>
      withHub(repositories, (hub) =>
        inFolder(async (folder) => {
          const site = await exported(quickstart, folder), settings = join(site, "site.json");
          const defaults = JSON.parse(await Deno.readTextFile(settings));
          await Deno.writeTextFile(settings, JSON.stringify({ ...defaults, endpoint: hub.endpoint }));
          await using server = serveFolder(site);
          await inPage(server.url, display, async (page) => {
            const visitor = visit(page), train = trainer(page);
            await visitor.ready();
            await visitor.set("epochs", 1);
            await visitor.set("seed", 1);
            await visitor.finish("train");
            assert.equal((await visitor.losses()).length, 10);

            const missing = await train("owner/nobody");
            assert.match(
              missing.fault,
              /owner\/nobody does not exist on .* correct the name, or choose one that anyone may read$/,
            );
            const gated = await train("owner/gated");
            assert.match(
              gated.fault,
              /owner\/gated is gated, and a page asks without a token; choose one that anyone may read$/,
            );
            const empty = await train("owner/empty");
            assert.match(empty.fault, /owner--empty.* has no tokenizer\.json; download the model again/);

            hub.fail({ at: /model\.safetensors/, status: 503 });
            assert.match((await train("owner/tiny")).fault, /fails \(.*503.*; try again later, or give another model$/);

            // The weights are at another host, and the connection breaks in the middle.
            const weights = /GET .*model\.safetensors/;
            hub.fail({ at: weights, redirect: elsewhere.endpoint.slice(0, -1) });
            elsewhere.fail({ at: weights, times: 1, breaksAfter: 1_000_000 });
            assert.equal((await train("owner/tiny")).fault, "");
            // The model equals the site's, so that the earlier training is found by its content.
            assert.match(await visitor.text("left"), /found from an earlier training/);
            assert.deepEqual(
              elsewhere.requests.filter(({ line }) => weights.test(line)).map(({ range }) => range),
              [null, "bytes=1000000-"],
            );

            // Nothing is requested again, even if the hub is down.
            const asked = elsewhere.requests.length;
            hub.fail({ at: /./, status: 503 });
            assert.equal((await train("owner/tiny", 2)).losses.length, 10);
            assert.equal(elsewhere.requests.length, asked);
          });
        })));
  },
});

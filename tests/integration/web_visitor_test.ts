/** A clumsy visitor: reloads, damaged edits and links, a second tab, addresses that are no model's. @module */
import assert from "node:assert/strict";
import { unzipSync, zipSync } from "fflate";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage, type Page } from "../support/browser.ts";
import { exported, quickstart, visit } from "../support/site.ts";
import { serveFolder } from "../support/static_server.ts";

const display = { width: 320, height: 640 };

/** Fills a row of the table. */
function typeRow(page: Page, row: number, prompt: string, completion: string): Promise<void> {
  return page.evaluate(`{
    const [asked, taught] = document.querySelectorAll("#typed-rows tr")[${row}].querySelectorAll("textarea");
    asked.value = ${JSON.stringify(prompt)};
    taught.value = ${JSON.stringify(completion)};
  }`);
}

/** Chooses an edit's zip. */
async function openZip(page: Page, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await page.evaluate(`{
    const files = new DataTransfer(), input = document.getElementById("open-zip");
    files.items.add(new File([Uint8Array.fromBase64(${JSON.stringify(bytes.toBase64())})], "intervention.zip"));
    input.files = files.files;
    input.dispatchEvent(new Event("change"));
  }`);
  await visit(page).idle();
}

/** Goes to another fragment of the page's address. */
async function goTo(page: Page, link: string): Promise<void> {
  await page.evaluate(`location.href = ${JSON.stringify(link)}`);
  await page.until(`location.href === ${JSON.stringify(link)}`);
  await visit(page).idle();
}

Deno.test({
  name: "a page keeps what a visitor has typed and trained, whatever else is opened or reloaded",
  ignore: !hasBrowser(),
  sanitizeResources: false,
  sanitizeOps: false,
  fn: (t) =>
    inFolder(async (folder) => {
      await using server = serveFolder(await exported(quickstart, folder), {
        instead: (path) => {
          const headers = { "content-type": "text/html; charset=utf-8" };
          return path.startsWith("/fallback/") ? new Response("<!doctype html>", { headers }) : undefined;
        },
      });
      // A host whose answers a browser keeps from other sites' pages.
      await using closed = serveFolder(folder);
      const opened = (test: (page: Page) => Promise<void>) => inPage(server.url, display, test);

      await t.step("typed rows are restored after a reload, and one without a completion is refused", () =>
        opened(async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          await visitor.set("epochs", 1);
          await visitor.set("source", "typed");
          await typeRow(page, 0, "hello", " world");
          await typeRow(page, 2, "the sky 😀", "");
          await visitor.finish("train");
          assert.equal(
            await visitor.text("fault"),
            "row 3 of the table has no completion; write one, or clear its prompt",
          );
          await typeRow(page, 2, "the sky 😀", " blue");
          await page.reload();
          await visitor.ready();
          assert.equal(await page.evaluate(`document.getElementById("source").value`), "typed");
          await visitor.finish("show-rows");
          assert.match(await visitor.text("rows-count"), /^2 rows;/);
          assert.match(await visitor.text("rows-list"), /hello world.*the sky 😀 blue/s);
          await page.evaluate(`{
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", "one\\t 1\\r\\ntwo\\t 2\\r\\nthree\\t 3\\r\\nfour\\t 4\\r\\n");
            document.querySelectorAll("#typed-rows textarea")[2].dispatchEvent(
              new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
            );
          }`);
          await visitor.finish("show-rows");
          assert.match(await visitor.text("rows-count"), /^5 rows;/);
          assert.match(await visitor.text("rows-list"), /hello world.*one 1.*two 2/s);
          await visitor.set("source", "own");
          assert.equal(await visitor.text("rows-count"), "");
        }));

      await t.step("an empty number is named, and notes of an earlier training go", () =>
        opened(async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          await visitor.set("epochs", 1);
          await visitor.set("learning-rate", "");
          await visitor.finish("train");
          assert.equal(await visitor.text("fault"), "Learning rate is not a number; write one, as in 0.02");
          await visitor.set("learning-rate", 0);
          await visitor.finish("train");
          assert.match(await visitor.text("notes"), /the learning rate of tuned is 0/);
          await visitor.set("learning-rate", 0.02);
          await visitor.finish("train");
          assert.equal(await visitor.text("fault"), "");
          assert.doesNotMatch(await visitor.text("notes"), /learning rate/);
        }));

      await t.step("it trains where the browser keeps no fields", () =>
        opened(async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          await page.evaluate(
            `Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); }`,
          );
          await visitor.set("epochs", 1);
          await visitor.finish("train");
          assert.equal(await visitor.text("fault"), "");
          assert.match(await visitor.text("notes"), /This browser does not keep what the fields say/);
        }));

      await t.step("a damaged edit leaves the present one, and a link names the model of its edit", () =>
        opened(async (page) => {
          const visitor = visit(page), asked = "question: what colour is the lion ?\nanswer:";
          await visitor.ready();
          assert.equal((await visitor.ask(asked))[1], "Nothing is trained yet.");
          await visitor.finish("train");
          assert.equal(await visitor.text("tuned-answer"), "");
          const answers = await visitor.ask(asked);
          assert.notEqual(answers[0], answers[1]);
          await page.evaluate(`{
            const clipboard = { writeText: (text) => Promise.resolve(void (window.copied = text)) };
            Object.defineProperty(navigator, "clipboard", { value: clipboard });
          }`);
          await visitor.set("base", "other");
          await visitor.set("other-base", "owner/name");
          await visitor.finish("link");
          await visitor.set("base", "builtin:tiny");
          const link = await page.evaluate<string>("window.copied"),
            shared = new URLSearchParams(new URL(link).hash.slice(1));
          assert.equal(shared.get("base"), "builtin:tiny");

          const zip = Uint8Array.fromBase64(shared.get("edit")!), files = unzipSync(zip);
          const [description, weights] = [
            "intervention/intervention.json",
            "intervention/weights.safetensors",
          ] as const;
          const flipped = files[weights]!.slice();
          flipped[flipped.length - 7]! ^= 0x40;
          const damaged: readonly (readonly [Uint8Array<ArrayBuffer>, RegExp])[] = [
            [zip.slice(0, 900), /^that is not a zip \(/],
            [zipSync({ [description]: files[description]! }).slice(), /^the zip has no intervention\.json and weights/],
            [
              zipSync({ ...files, [description]: new TextEncoder().encode("{") }).slice(),
              /^intervention\.json:1:2: is not/,
            ],
            [
              zipSync({ ...files, [weights]: flipped }).slice(),
              /^weights\.safetensors: is damaged, its content has changed/,
            ],
          ];
          for (const [bytes, problem] of damaged) {
            await openZip(page, bytes);
            assert.match(await visitor.text("fault"), problem);
            assert.deepEqual(await visitor.ask(asked), answers);
          }

          for (const length of [900, 901, 902, 903]) {
            await goTo(page, link.slice(0, length));
            assert.match(await visitor.text("fault"), /^the link's edit is damaged.*; request the link again$/);
          }
          await page.reload();
          await visitor.ready();
          assert.match(await visitor.text("state"), /^Ready: /);
          assert.match(await visitor.text("fault"), /^the link's edit is damaged/);
          await goTo(page, link.replaceAll("%2B", "+"));
          assert.equal(await visitor.text("fault"), "");
          assert.equal(await visitor.text("kept"), "Opened an edit of builtin:tiny; try it above.");
          assert.deepEqual(await visitor.ask(asked), answers);
          // What is trained after a link was opened is what a reload finds.
          await visitor.set("epochs", 1);
          await visitor.set("learning-rate", 0);
          await visitor.finish("train");
          const untrained = await visitor.ask(asked);
          await page.reload();
          await visitor.ready();
          assert.equal(await visitor.text("kept"), "");
          assert.deepEqual(await visitor.ask(asked), untrained);
          assert.notDeepEqual(untrained, answers);
        }));

      await t.step("a second tab says why it does nothing, whatever is clicked", () =>
        opened(async (page) => {
          await visit(page).ready();
          await page.beside(server.url, async (second) => {
            const visitor = visit(second),
              problem = /^another tab of this site, or of one on its host, has the files open; close it and reload/;
            await second.until(`document.getElementById("fault").textContent !== ""`);
            await visitor.idle();
            assert.match(await visitor.text("fault"), problem);
            assert.equal(await visitor.text("state"), "Not opened.");
            await visitor.finish("train");
            assert.match(await visitor.text("fault"), problem);
          });
        }));

      await t.step("what is no model is refused with what to write", () =>
        opened(async (page) => {
          const visitor = visit(page);
          await visitor.ready();
          await visitor.set("base", "other");
          const refused: readonly (readonly [string, RegExp])[] = [
            [
              "smollm",
              /^"smollm" is no model that a page can load; write a Hugging Face id as in owner\/name, or the URL/,
            ],
            ["htp://host/model/", /^"htp:\/\/host\/model\/" is no model that a page can load/],
            [
              `${closed.url}model/`,
              /; check the address, the connection, and that 127\.0\.0\.1:\d+ sends Access-Control-/,
            ],
            ["./fallback/", /\/fallback\/config\.json is a web page; give the address of the folder/],
          ];
          for (const [base, problem] of refused) {
            await visitor.set("other-base", base);
            await visitor.finish("show-rows");
            assert.match(await visitor.text("fault"), problem);
          }
          await visitor.set("other-base", "./builtin/tiny");
          await visitor.finish("show-rows");
          assert.equal(await visitor.text("fault"), "");
          assert.match(await visitor.text("rows-count"), /^80 rows;/);
        }));
    }),
});

Deno.test({
  name: "sites on one host share what they computed, but each has its own edit",
  ignore: !hasBrowser(),
  sanitizeResources: false,
  sanitizeOps: false,
  fn: () =>
    inFolder(async (folder) => {
      for (const name of ["one", "other"]) {
        await Deno.mkdir(`${folder}/${name}`);
        await exported(quickstart, `${folder}/${name}`);
      }
      await using server = serveFolder(folder);
      const question = "question: what colour is the lion ?\nanswer:", none = "Nothing is trained yet.";
      const addresses = [`${server.url}one/site/`, `${server.url}other/site/`] as const;
      await inPage(addresses[0], display, async (page) => {
        const visitor = visit(page);
        const at = async (address: string) => {
          await page.evaluate(`location.href = ${JSON.stringify(address)}`);
          await page.until(`location.href === ${JSON.stringify(address)}`);
          await visitor.ready();
        };
        await visitor.ready();
        await visitor.set("epochs", 1);
        await visitor.finish("train");
        const [base, tuned] = await visitor.ask(question);
        assert.notEqual(tuned, none);
        await at(addresses[1]);
        assert.deepEqual(await visitor.ask(question), [base, none]);
        await at(addresses[0]);
        assert.deepEqual(await visitor.ask(question), [base, tuned]);
      });
    }),
});

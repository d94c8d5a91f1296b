/** A server's page in a real browser: two models answer side by side, by mouse and keyboard, on any screen. @module */
import assert from "node:assert/strict";
import { serve } from "../../pipelines/serving/serve.ts";
import type { Access } from "../../pipelines/serving/handler.ts";
import { inService, type Served, type ServedOptions } from "../pipelines/serving/support.ts";
import { turnTemplate } from "../support/chat_scene.ts";
import { hasBrowser, inPage, type Page } from "../support/browser.ts";

const wide = { width: 1100, height: 900 }, phone = { width: 360, height: 740 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };
const edits = { rank: 'sweep("rank", [1, 2])', epochs: "6", optimizer: "adamw({ learningRate: 0.3 })" };

/** Runs a test with the address of a listening service. */
function inServer(
  more: ServedOptions,
  access: Access,
  test: (address: string, served: Served) => Promise<void>,
): Promise<void> {
  return inService({ parts: edits, ...more }, async (served) => {
    const stop = new AbortController(), listening = Promise.withResolvers<string>();
    const ended = serve(served.service, access, { hostname: "127.0.0.1", port: 0 }, {
      onListen: listening.resolve,
      signal: stop.signal,
      drainSeconds: 5,
      giveUp: () => {},
    });
    try {
      await test(await listening.promise, served);
    } finally {
      stop.abort();
      await ended;
    }
  });
}

const models = `[...document.querySelectorAll("select:first-of-type")].map((each) => each.options.length)`;
const texts = `[...document.querySelectorAll("#turns > li:last-child .text")].map((each) => each.textContent)`;
const titles = `[...document.querySelectorAll("#turns > li:last-child h2")].map((each) => each.textContent)`;
const isDone = `document.querySelectorAll("#turns > li:last-child [aria-busy=false]").length === 2`;
/** Elements that extend beyond the right edge of the screen. */
const tooWide = `[...document.querySelectorAll("body *")].filter((each) => {
  return !each.closest(".skip, script") && each.getBoundingClientRect().right > innerWidth + 0.5;
}).map((each) => each.tagName + "#" + each.id)`;

/** Sets the value of an element, as a user does. */
function fill(page: Page, selector: string, value: string): Promise<void> {
  return page.evaluate(`{
    const each = document.querySelector(${JSON.stringify(selector)});
    each.value = ${JSON.stringify(value)};
    for (const type of ["input", "change"]) each.dispatchEvent(new Event(type, { bubbles: true }));
  }`);
}

const question = "Where is the dog";

Deno.test({
  name: "the base and an edit answer side by side as the API does, on a desktop and a phone, light and dark",
  ...options,
  fn: () =>
    inServer({}, {}, async (address, { text }) => {
      const asked = { max_tokens: 12, temperature: 0 };
      const base = await text(question, asked);
      const edited = (edit_strength: number) => text(question, { ...asked, model: "out:rank=2", edit_strength });
      const full = await edited(1), tried = [-1, 3, 2, 0.5];
      const scaled = await Promise.all(tried.map(edited)),
        other = scaled.findIndex((each) => each !== base && each !== full);
      assert.ok(base !== full && other !== -1, "some strength changes the answer");
      const strength = tried[other]!.toFixed(2);
      for (const display of [wide, { ...wide, isDark: true }, phone, { ...phone, isDark: true }]) {
        await inPage(address, display, async (page) => {
          await page.until(`${models}.join() === "3,3"`);
          await fill(page, "#most", "12");
          await fill(page, "fieldset:last-child select", "out:rank=2");
          await fill(page, "#prompt", question);
          await page.evaluate(`document.getElementById("prompt").focus()`);
          await page.press("Enter");
          await page.until(isDone);
          assert.deepEqual(await page.evaluate(texts), [base, full]);
          // From the message back to the slider, using only the keyboard.
          await page.evaluate(`document.getElementById("strength-1").focus()`);
          await fill(page, "#strength-1", strength);
          assert.equal(await page.evaluate(`document.querySelector("output[for=strength-1]").textContent`), strength);
          await page.evaluate(`document.getElementById("send").focus()`);
          await page.press("Enter");
          await page.until(`document.querySelectorAll("#turns > li").length === 2 && ${isDone}`);
          assert.deepEqual(await page.evaluate(texts), [base, scaled[other]]);
          assert.deepEqual(await page.evaluate(titles), ["base", `out:rank=2 × ${strength}`]);
          const rates = await page.evaluate<string>(`document.querySelector("#turns .rate").textContent`);
          assert.match(rates, /^12 tokens, [\d.]+ tokens\/s$/);
          assert.deepEqual(await page.evaluate(tooWide), []);
          const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
          assert.equal(Number(/rgb\((\d+)/.exec(ground)![1]) < 128, "isDark" in display);
          // Every control has a name, and none stays disabled.
          assert.deepEqual(
            await page.evaluate(`[...document.querySelectorAll("select, input, textarea")].filter((each) => {
              return each.labels.length === 0;
            }).map((each) => each.id)`),
            [],
          );
          assert.deepEqual(page.complaints, []);
        });
      }
    }),
});

Deno.test({
  name: "a conversation continues, each side with its own answers, until it is restarted",
  ...options,
  fn: () =>
    inServer(
      {
        prepare: (scene) => scene.write("template.jinja", turnTemplate),
        options: { chatTemplate: "template.jinja" },
      },
      {},
      (address, { answer }) =>
        inPage(address, wide, async (page) => {
          const said: Record<string, string[]> = { base: [], "out:rank=1": [] };
          const chat = async (model: string, messages: readonly unknown[]) => {
            const body = { model, messages, max_tokens: 6, temperature: 0 };
            return (await answer("/v1/chat/completions", body)).choices[0]!.message.content ?? "";
          };
          await page.until(`${models}.join() === "3,3"`);
          await fill(page, "#most", "6");
          for (const [turn, content] of ["The cat", "A bird"].entries()) {
            await fill(page, "#prompt", content);
            await page.evaluate(`document.getElementById("prompt").focus()`);
            await page.press("Enter");
            await page.until(`document.querySelectorAll("#turns > li").length === ${turn + 1} && ${isDone}`);
            for (const [model, answers] of Object.entries(said)) {
              const messages = answers.flatMap((text, at) => [
                { role: "user", content: ["The cat", "A bird"][at] },
                { role: "assistant", content: text },
              ]);
              answers.push(await chat(model, [...messages, { role: "user", content }]));
            }
            assert.deepEqual(await page.evaluate(texts), Object.values(said).map((answers) => answers[turn]));
            assert.equal(await page.evaluate(`document.getElementById("prompt").value`), "");
          }
          await page.evaluate(`document.getElementById("anew").click()`);
          assert.equal(await page.evaluate(`document.querySelectorAll("#turns > li").length`), 0);
          await fill(page, "#most", "32");
          await fill(page, "#prompt", "The cat");
          await page.evaluate(`document.getElementById("send").click(), document.getElementById("stop").click()`);
          await page.until(isDone);
          const rates = `[...document.querySelectorAll("#turns .rate")].map((each) => each.textContent)`;
          assert.deepEqual(await page.evaluate(rates), ["stopped", "stopped"]);
          assert.deepEqual(page.complaints, []);
        }),
    ),
});

Deno.test({
  name: "a server with a key is used once the key is entered, and its refusals are shown",
  ...options,
  fn: () =>
    inServer({}, { key: "open" }, (address) =>
      inPage(address, phone, async (page) => {
        await page.until(`!document.getElementById("key-form").hidden && document.activeElement.id === "key"`);
        await fill(page, "#key", "shut");
        await page.press("Enter");
        await page.until(`!document.getElementById("fault").hidden && !document.getElementById("key-form").hidden`);
        assert.match(await page.evaluate(`document.getElementById("fault").textContent`), /key is wrong/);
        await fill(page, "#key", "open");
        await page.press("Enter");
        await page.until(`${models}.join() === "3,3" && document.getElementById("key-form").hidden`);
        await fill(page, "#prompt", "The cat ".repeat(60));
        await page.evaluate(`document.getElementById("send").click()`);
        await page.until(`document.querySelectorAll("#turns .fault").length === 2`);
        assert.match(await page.evaluate(`document.querySelector("#turns .fault").textContent`), /64/);
        assert.deepEqual(await page.evaluate(tooWide), []);
      })),
});

/** Answers requests for text without finishing: the page's first byte of it, then nothing or the connection's end. */
async function withUnfinished(
  end: "closed" | "broken",
  test: (address: string) => Promise<void>,
): Promise<void> {
  await inServer({}, {}, async (address) => {
    const event = `data: ${JSON.stringify({ choices: [{ text: "A start" }] })}\n\n`;
    const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { pathname } = new URL(request.url);
      if (request.method === "GET") return fetch(new URL(pathname, address));
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode(event));
          await new Promise((resolve) => setTimeout(resolve, 200));
          if (end === "closed") controller.close();
          else controller.error("broken");
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    try {
      await test(`http://127.0.0.1:${proxy.addr.port}/`);
    } finally {
      await proxy.shutdown();
    }
  });
}

const faults = `[...document.querySelectorAll("#turns > li:last-child .fault")].map((each) => each.textContent)`;

for (const [end, says] of [["closed", "broke off this answer"], ["broken", "cannot be reached"]] as const) {
  Deno.test({
    name: `an answer whose connection is ${end} keeps its text and is shown as incomplete`,
    ...options,
    fn: () =>
      withUnfinished(end, (address) =>
        inPage(address, wide, async (page) => {
          await page.until(`${models}.join() === "3,3"`);
          await fill(page, "#prompt", question);
          await page.evaluate(`document.getElementById("send").click()`);
          await page.until(isDone);
          assert.deepEqual(await page.evaluate(texts), ["A start", "A start"]);
          const found = await page.evaluate<readonly string[]>(faults);
          assert.equal(found.length, 2);
          for (const fault of found) assert.ok(fault.includes(says), fault);
        })),
  });
}

Deno.test({
  name: "a conversation restarted during an answer begins without it, and the focus is never lost",
  ...options,
  fn: () =>
    inServer(
      { prepare: (scene) => scene.write("template.jinja", turnTemplate), options: { chatTemplate: "template.jinja" } },
      {},
      (address) =>
        inPage(address, wide, async (page) => {
          await page.until(`${models}.join() === "3,3"`);
          await page.evaluate(`{
            const real = fetch;
            window.sent = [];
            window.fetch = (path, init) => {
              if (init.body !== undefined) window.sent.push(JSON.parse(init.body).messages.map(({ content }) => content));
              return real(path, init);
            };
          }`);
          await fill(page, "#most", "32");
          await fill(page, "#prompt", "The cat");
          await page.evaluate(`document.getElementById("send").click(), document.getElementById("anew").click()`);
          await page.until(`!document.getElementById("send").disabled`);
          await fill(page, "#prompt", "A bird");
          await page.evaluate(`document.getElementById("send").focus()`);
          await page.press("Enter");
          assert.equal(await page.evaluate(`document.activeElement.id`), "stop");
          await page.until(isDone);
          assert.equal(await page.evaluate(`document.activeElement.id`), "send");
          assert.deepEqual(await page.evaluate("window.sent"), [["The cat"], ["The cat"], ["A bird"], ["A bird"]]);
          assert.deepEqual(page.complaints, []);
        }),
    ),
});

Deno.test({
  name: "markup in messages and answers is text, and right-to-left text runs from the right",
  ...options,
  fn: () =>
    inServer({}, {}, (address) =>
      inPage(address, { ...phone, width: 320 }, async (page) => {
        await page.until(`${models}.join() === "3,3"`);
        const said = '<img src=x onerror="window.ran = true"><b>', direction = "getComputedStyle(each).direction";
        await page.evaluate(`{
          const real = fetch, event = (value) => "data: " + JSON.stringify(value) + "\\n\\n";
          window.fetch = (path, init) => init.body === undefined ? real(path, init) : Promise.resolve(
            new Response(event({ choices: [{ text: ${JSON.stringify(said)} }] }) + "data: [DONE]\\n\\n"),
          );
        }`);
        await fill(page, "#prompt", said);
        await page.evaluate(`document.getElementById("send").click()`);
        await page.until(isDone);
        assert.deepEqual(await page.evaluate(texts), [said, said]);
        assert.equal(await page.evaluate(`document.querySelector("#turns .said").textContent`), said);
        assert.equal(
          await page.evaluate(`"ran" in window || document.querySelector("#turns img, #turns b") !== null`),
          false,
        );
        await fill(page, "#prompt", "שלום עולם 👨‍👩‍👧‍👦");
        await page.evaluate(`document.getElementById("send").click()`);
        await page.until(`document.querySelectorAll("#turns > li").length === 2 && ${isDone}`);
        const directions = `[...document.querySelectorAll("#turns .said")].map((each) => ${direction})`;
        assert.deepEqual(await page.evaluate(directions), ["ltr", "rtl"]);
        assert.deepEqual(await page.evaluate(tooWide), []);
        assert.deepEqual(page.complaints, []);
      })),
});

Deno.test({
  name: "a model that is gone is no longer offered once it is asked, and one that has come is offered on return",
  ...options,
  fn: () =>
    inServer({}, {}, (address) =>
      inPage(address, wide, async (page) => {
        await page.until(`${models}.join() === "3,3"`);
        const list = (more: string) =>
          page.evaluate(`{
            window.real ??= fetch;
            window.fetch = async (path, init) => {
              const response = await window.real(path, init);
              if (path !== "/v1/models") return response;
              const { data } = await response.json();
              return Response.json({ data: [...data, ...${more}] });
            };
            dispatchEvent(new Event("focus"));
          }`);
        await list('[{ id: "new" }]');
        await page.until(`${models}.join() === "4,4"`);
        await fill(page, "fieldset:last-child select", "new");
        await page.evaluate(`window.fetch = window.real`);
        await fill(page, "#most", "4");
        await fill(page, "#prompt", question);
        await page.evaluate(`document.getElementById("send").click()`);
        await page.until(`${isDone} && ${models}.join() === "3,3"`);
        const found = await page.evaluate<readonly string[]>(faults);
        assert.ok(found.length === 1 && found[0]!.includes('no model "new"'), found.join());
        assert.equal(await page.evaluate(`document.querySelector("fieldset:last-child select").value`), "out:rank=1");
      })),
});

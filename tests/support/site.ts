/** Drives the page of a training site as a visitor would. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "./browser.ts";
import { inProcess } from "./command.ts";

/** The pipeline of the quickstart. */
export const quickstart: string = fileURLToPath(new URL("../../examples/quickstart/pipeline.ts", import.meta.url));

/** Writes a pipeline's site, and returns its folder. */
export async function exported(pipeline: string, folder: string): Promise<string> {
  const site = join(folder, "site"),
    { code, stderr } = await inProcess("export", pipeline, "--to", "web", "--out", site);
  assert.equal(code, 0, stderr);
  return site;
}

/** The actions of a visitor. */
export interface Visit {
  text(id: string): Promise<string>;
  /** Sets a field. */
  set(id: string, value: string | number): Promise<void>;
  click(id: string): Promise<void>;
  /** Clicks, and waits until the worker is done. */
  finish(id: string, seconds?: number): Promise<void>;
  /** Waits until the page is ready, and returns the milliseconds since its load. */
  ready(seconds?: number): Promise<number>;
  idle(seconds?: number): Promise<void>;
  /** Chooses a file of rows. */
  choose(name: string, content: string, seconds?: number): Promise<void>;
  losses(): Promise<number[]>;
  /** The answers of the base and the tuned model. */
  ask(prompt: string, seconds?: number): Promise<readonly [base: string, tuned: string]>;
}

/** Drives a page. */
export function visit(page: Pick<Page, "evaluate" | "until">): Visit {
  const get = (id: string) => `document.getElementById(${JSON.stringify(id)})`;
  const text = (id: string) => page.evaluate<string>(`${get(id)}.textContent`);
  const idle = async (seconds = 120) => {
    try {
      await page.until(`document.body.getAttribute("aria-busy") === "false"`, seconds);
    } catch (error) {
      const [left, fault, losses] = await Promise.all(["left", "fault", "losses"].map(text));
      throw new Error(`still at work: ${left}; ${fault}; ${losses!.split("\n").length} losses`, { cause: error });
    }
  };
  const click = (id: string) => page.evaluate<void>(`${get(id)}.click()`);
  const set = (id: string, value: string | number) =>
    page.evaluate<void>(
      `${get(id)}.value = ${JSON.stringify(String(value))}; ${get(id)}.dispatchEvent(new Event("change"))`,
    );
  const finish = async (id: string, seconds?: number) => {
    await click(id);
    await idle(seconds);
  };
  return {
    text,
    set,
    click,
    finish,
    idle,
    async ready(seconds = 60) {
      await page.until("'ready' in document.body.dataset", seconds);
      return await page.evaluate<number>("Number(document.body.dataset.ready)");
    },
    async choose(name, content, seconds) {
      await page.evaluate(`{
        const files = new DataTransfer();
        files.items.add(new File([${JSON.stringify(content)}], ${JSON.stringify(name)}));
        ${get("file")}.files = files.files;
        ${get("file")}.dispatchEvent(new Event("change"));
      }`);
      await idle(seconds);
    },
    async losses() {
      return (await text("losses")).split("\n").filter((line) => line !== "").map(Number);
    },
    async ask(prompt, seconds) {
      await set("question", prompt);
      await finish("ask", seconds);
      return [await text("base-answer"), await text("tuned-answer")];
    },
  };
}

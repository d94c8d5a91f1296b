/** Waiting for the visitor's GPU. @module */
import assert from "node:assert/strict";
import { adapterHere, onWaiting } from "../../../pipelines/web/twins/adapter.ts";

/** What is reported to the page while the browser's answer takes some time. */
async function reported(gpu: object | undefined): Promise<{ readonly found: unknown; readonly waiting: boolean[] }> {
  const waiting: boolean[] = [], before = Object.getOwnPropertyDescriptor(navigator, "gpu");
  onWaiting((isWaiting) => waiting.push(isWaiting));
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  try {
    return { found: await adapterHere().catch((fault) => fault), waiting };
  } finally {
    Reflect.deleteProperty(navigator, "gpu");
    if (before !== undefined) Object.defineProperty(navigator, "gpu", before);
    onWaiting(() => {});
  }
}

/** A GPU that answers after some time. */
const after = (milliseconds: number, answer: () => unknown) => ({
  async requestAdapter() {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return answer();
  },
});

Deno.test("adapterHere() reports that the GPU keeps the page waiting, and that it answered", async () => {
  const adapter = {}, fault = new Error("no GPU");
  assert.deepEqual(await reported(after(0, () => adapter)), { found: adapter, waiting: [] });
  assert.deepEqual(await reported(after(0, () => null)), { found: undefined, waiting: [] });
  const [late, failed] = [
    await reported(after(1100, () => adapter)),
    await reported(after(1100, () => {
      throw fault;
    })),
  ];
  assert.deepEqual(late, { found: adapter, waiting: [true, false] });
  assert.deepEqual(failed, { found: fault, waiting: [true, false] });
});

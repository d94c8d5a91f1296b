/** Sessions in the thread of the program itself. @module */
import assert from "node:assert/strict";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import { neg } from "../../../ops/operators.ts";
import { parameter } from "../../../ops/program/program.ts";
import type { RuntimeLibrary } from "../../../pipelines/runtime/library.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { inThisThread } from "../../../pipelines/runtime/thread.ts";

const program = { name: "negates", outputs: { y: neg(parameter("x", [1])) } };
const model = emitOnnx(program, "cpu", () => ({ location: "", offset: 0, length: 0 }));
const feeds = () => ({ x: { data: Float32Array.of(1), shape: [1] } });

/** A library that records what is done with its sessions. */
function recording(run: () => Promise<void>) {
  const done: string[] = [];
  let sessions = 0;
  const library: RuntimeLibrary = {
    open() {
      const name = `session ${sessions++}`;
      done.push(`${name} opened`);
      return Promise.resolve({
        inputNames: ["x"],
        async run() {
          done.push(`${name} runs`);
          await run();
          done.push(`${name} ran`);
          return { y: { data: Float32Array.of(-1), shape: [1] } };
        },
        release() {
          done.push(`${name} released`);
          return name === "session 0" ? Promise.reject(new Error("the device was lost")) : Promise.resolve();
        },
      });
    },
  };
  return { done, start: inThisThread(library) };
}

Deno.test("a runtime that is stopped during a run frees its sessions before the next one opens its own", async () => {
  const { promise, resolve } = Promise.withResolvers<void>(), { done, start } = recording(() => promise);
  const runtime = new Runtime({ threads: 1 }, start);
  const [first] = await Promise.all([runtime.open(model), runtime.open(model)]);
  const running = first.run(feeds());
  await new Promise((resolve) => setTimeout(resolve));
  runtime.stop(new Error("paused"));
  await assert.rejects(running, /paused/);
  using next = new Runtime({ threads: 1 }, start);
  const opening = next.open(model);
  runtime[Symbol.dispose]();
  resolve();
  await opening;
  assert.deepEqual(done, [
    ...["session 0 opened", "session 1 opened", "session 0 runs", "session 0 ran"],
    ...["session 0 released", "session 1 released", "session 2 opened"],
  ]);
});

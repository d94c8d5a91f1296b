/** Repeated signals to a process that takes time to clean up. @module */
import assert from "node:assert/strict";

/** Waits for a stop, then cleans up for 700 ms, less than a process is allowed. */
const program = `
import { listenForStops } from ${JSON.stringify(import.meta.resolve("../../pipelines/cli/interrupts.ts"))};
const waiting = setInterval(() => {}, 1000);
listenForStops(() => Deno.exit(3)).onabort = () => setTimeout(() => {
  console.log("unwound");
  Deno.exit(130);
}, 700);
console.log("listening");
`;

/** The output and exit of a process that receives a second SIGINT this many milliseconds after the first. */
async function interruptedTwice(milliseconds: number): Promise<[output: string, signal: Deno.Signal | null]> {
  const process = new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", program], stdout: "piped" }).spawn();
  let output = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    if (output === "" && text !== "") {
      process.kill("SIGINT");
      setTimeout(() => process.kill("SIGINT"), milliseconds);
    }
    output += text;
  }
  return [output, (await process.status).signal];
}

Deno.test("a SIGINT that deno task and npx forward a second time lets a process clean up", async () => {
  for (const milliseconds of [0, 5, 50]) {
    assert.deepEqual(await interruptedTwice(milliseconds), ["listening\nunwound\n", null], `${milliseconds} ms`);
  }
});

Deno.test("a second Ctrl-C ends a process immediately", async () => {
  assert.deepEqual(await interruptedTwice(400), ["listening\n", "SIGINT"]);
});

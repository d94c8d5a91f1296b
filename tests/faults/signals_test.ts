/** Ctrl-C and SIGTERM sent to a command whose program is too busy to handle them. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { endWith } from "../../pipelines/cli/launch/signals.ts";
import { startServer } from "../support/server.ts";
import { inFolder } from "../pipelines/models/support.ts";

const entry = fileURLToPath(new URL("../../pipelines/cli/refract.ts", import.meta.url));

/** A pipeline whose positions are never computed. */
const program = `
import { adamw, baseModel, block, loreft, pipeline, records, train } from "refract";

export default pipeline("busy", () => ({ tuned: train(
  baseModel("builtin:tiny").with(loreft({ at: block(1).output, positions: () => {
    console.error("busy");
    for (;;);
  }, rank: 1 })),
  { data: records([{ a: "a" }], { prompt: "{a}", completion: "b" }), epochs: 1, batchSize: 1, optimizer: adamw({ learningRate: 1 }) },
) }));
`;

/** Starts a pipeline that never returns, and waits until it runs. */
async function busy(folder: string): Promise<Deno.ChildProcess> {
  const pipeline = `${folder}/pipeline.ts`;
  await Deno.writeTextFile(pipeline, program);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-run",
      entry,
      "run",
      pipeline,
      "--store",
      `${folder}/store`,
      "--out",
      `${folder}/out`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes("busy")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended: ${text}`);
    text += value;
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
  return child;
}

/** Whether any process has a text in its command line. */
function isAlive(text: string): boolean {
  return [...Deno.readDirSync("/proc")].some(({ name }) => {
    try {
      return /^\d+$/.test(name) && Number(name) !== Deno.pid &&
        Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text);
    } catch {
      return false;
    }
  });
}

for (
  const [name, signals, code, most] of [
    ["a second Ctrl-C ends a busy command at once", ["SIGINT", "SIGINT"], 130, 1500],
    ["SIGTERM ends a busy command within seconds", ["SIGTERM"], 143, 6000],
    ["SIGTERM and then Ctrl-C end a busy command at once", ["SIGTERM", "SIGINT"], 143, 1500],
  ] as const
) {
  Deno.test(name, () =>
    inFolder(async (folder) => {
      const child = await busy(folder);
      for (const [at, signal] of signals.entries()) {
        if (at > 0) await new Promise((passed) => setTimeout(passed, 500));
        child.kill(signal);
      }
      const begun = performance.now(), status = await child.status, milliseconds = performance.now() - begun;
      assert.equal(status.code, code);
      assert.ok(milliseconds < most, `${milliseconds.toFixed(0)} ms`);
      assert.ok(!isAlive(folder), "nothing of it is left");
    }));
}

for (
  const [signal, why] of [
    ["SIGBUS", /was truncated/],
    ["SIGKILL", /not enough memory/],
    ["SIGSEGV", /native code failed/],
  ] as const
) {
  Deno.test(`a command that the system ends with ${signal} reports the most likely reason`, async () => {
    const command = new Deno.Command("sh", { args: ["-c", `kill -s ${signal.slice(3)} $$`] });
    const lines: string[] = [];
    assert.equal(await endWith(command.spawn(), (line) => lines.push(line)), 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, why);
  });
}

Deno.test("a server answers requests in progress after SIGTERM, for as long as --drain-seconds allows", async () => {
  const server = await startServer(["builtin:tiny", "--drain-seconds", "20"]);
  // More than fits into the connection's buffers, so that the answer is in progress until it is read.
  const settings = { max_tokens: 200, n: 16, logprobs: 20, logit_bias: { 1: -100 }, stream: true };
  const body = JSON.stringify({ model: "base", prompt: ["the cat", "the dog", "the ant", "a bee"], ...settings }),
    url = new URL(server.address);
  using connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const head = `POST /v1/completions HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${body.length}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head + body));
  await new Promise((passed) => setTimeout(passed, 500));
  server.stop();
  // Most commands are killed after 3 s.
  await new Promise((passed) => setTimeout(passed, 4000));
  const answer = await new Response(connection.readable).text();
  assert.ok(answer.length > 4e6, `${answer.length} bytes`);
  assert.match(answer.slice(-40), /data: \[DONE\]/);
  assert.deepEqual(await server.ended, { code: 0, stderr: "" });
});

/**
 * Exported models in other runtimes: in a browser page, and one of 135 million parameters in Node.
 *
 * @module
 */
import assert from "node:assert/strict";
import { extname, join } from "node:path";
import { adamw, baseModel, block, evaluate, exactMatch, greedy, jsonl, loreft, pipeline, train } from "refract";
import { answersInNode } from "../pipelines/interchange/onnx/support.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { inChatScene, turnTemplate } from "../support/chat_scene.ts";
import { hasBrowser, inPage } from "../support/browser.ts";
import { inProcess } from "../support/command.ts";
import { packagesFolder } from "../support/packages.ts";
import { inScene, type Scene, sceneRows } from "../support/scene.ts";
import { sharedFolder, smollm2Folder, type StoredType } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

/** The packages that the page imports. */
const pagePackages = ["onnxruntime-web@1.30.0", "@huggingface/tokenizers@0.2.0", "@huggingface/jinja@0.5.11"];

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".mjs": "text/javascript",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Serves a folder, and requests for `node_modules` from another. */
function serve(folder: string, packages: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const path = decodeURIComponent(new URL(url).pathname);
    const file = join(path.startsWith("/node_modules/") ? packages : folder, path);
    const content = await Deno.readFile(file).catch(() => undefined);
    if (content === undefined) return new Response("", { status: 404 });
    return new Response(content, { headers: { "content-type": types[extname(file)] ?? "application/octet-stream" } });
  });
}

async function exported(scene: Scene, ...options: readonly string[]): Promise<string> {
  const out = scene.path("exported");
  const { code, stderr } = await inProcess("export", scene.path("out"), "--to", "onnx", "--out", out, ...options);
  assert.equal(code, 0, stderr);
  return out;
}

/** Selectors of a page's output: the answer to a prompt, or the last one of a conversation. */
const shownAnswer = { prompt: "output", message: "#said li:last-child" };

/** The output of the exported folder's page for prompts, or for a conversation's messages. */
async function answersInPage(
  folder: string,
  packages: string,
  prompts: readonly string[],
  kind: keyof typeof shownAnswer = "prompt",
): Promise<string[]> {
  const server = serve(folder, packages), answers: string[] = [];
  try {
    const url = `http://127.0.0.1:${server.addr.port}/example.html`;
    await inPage(url, { width: 800, height: 600 }, async (page) => {
      await page.until("!document.querySelector('button').disabled");
      for (const prompt of prompts) {
        const fill = `form.prompt.value = ${JSON.stringify(prompt)}, form.most.value = 6`;
        const sending = kind === "message" ? "form.prompt.focus()" : "form.requestSubmit()";
        await page.evaluate(`{ const form = document.querySelector("form"); ${fill}, ${sending}; }`);
        // Enter sends a message.
        if (kind === "message") await page.press("Enter");
        await page.until("!document.querySelector('button').disabled");
        answers.push(await page.evaluate(`document.querySelector("${shownAnswer[kind]}").textContent`));
      }
      assert.deepEqual(page.complaints, []);
    });
  } finally {
    await server.shutdown();
  }
  return answers;
}

Deno.test({
  name: "an exported model generates in a browser page what Refract does, and with float16 weights what Node does",
  ignore: !hasBrowser(),
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const packages = await packagesFolder(pagePackages);
    if (packages === undefined) return;
    const parts = { decoding: "greedy({ maxNewTokens: 6 })", heldOut: "rows", epochs: "12" };
    await inScene({ ...parts, source: '"builtin:tiny"', positions: '"f1+l1"' }, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const text = await Deno.readTextFile(scene.path("out", "members", "main", "tuned", "predictions.jsonl"));
      const expected = text.trimEnd().split("\n").map((line) => JSON.parse(line).prediction);
      assert.ok(new Set(expected).size > 1);
      const prompts = sceneRows.map(({ q }) => `${q}\n`);
      assert.deepEqual(await answersInPage(await exported(scene), packages, prompts), expected);
      const folder = await exported(scene, "--dtype", "float16");
      assert.deepEqual(await answersInPage(folder, packages, prompts), await answersInNode(folder, prompts, 6));
    });
  },
});

Deno.test({
  name: "the page of an exported chat model keeps a conversation",
  ignore: !hasBrowser(),
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const packages = await packagesFolder(pagePackages);
    if (packages === undefined) return;
    const parts = { epochs: "12", optimizer: "adamw({ learningRate: 3e-2 })", positions: '"f1+l1"' };
    await inChatScene(parts, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const folder = await exported(scene), said = ["The cat", "Where"], messages: object[] = [];
      const answers = await answersInPage(folder, packages, said, "message");
      for (const [index, content] of said.entries()) {
        messages.push({ role: "user", content });
        assert.deepEqual(await answersInNode(folder, [messages], 6), [answers[index]]);
        messages.push({ role: "assistant", content: answers[index] });
      }
    }, turnTemplate.replaceAll("<|pad|>", "{{ eos_token }}"));
  },
});

const shared = sharedFolder();

for (const stored of ["f32", "bf16"] satisfies StoredType[]) {
  Deno.test({
    name: `an exported SmolLM2, stored as ${stored}, generates what Refract does`,
    ignore: shared === undefined,
    fn: () =>
      inFolder(async (scratch) => {
        const base = baseModel(await smollm2Folder(shared!, stored)), maxNewTokens = 16;
        const data = jsonl(join(shared!, "data", "multiarith.test.jsonl"), {
          prompt: "{instruction}\n",
          completion: "{answer}",
        });
        const edited = base.with(loreft({ at: block([10, 20]).output, positions: "f2+l2", rank: 4 }));
        const optimizer = adamw({ learningRate: 2e-3 });
        const decoding = greedy({ maxNewTokens }), metrics = [exactMatch()];
        const [member] = await runIn(
          scratch,
          scratch,
          pipeline("exported", () => {
            const tuned = train(edited, { data: data.take(16), epochs: 1, batchSize: 4, optimizer, seed: 1 });
            return { written: evaluate(tuned, { data: data.take(4), decoding, metrics }) };
          }),
        );
        const path = member!.stages.flatMap((stage) => (stage.kind === "evaluate" ? [stage.predictions] : []))[0]!;
        const lines = (await Deno.readTextFile(join(scratch, "out", path))).trimEnd().split("\n");
        const expected: string[] = lines.map((line) => JSON.parse(line).prediction);
        const trained = join(scratch, "out", "members", member!.id), out = join(scratch, "exported");
        const model = await smollm2Folder(shared!, stored);
        const { code, stderr } = await inProcess(
          ...["export", trained, "--to", "onnx", "--model", model, "--out", out],
        );
        assert.equal(code, 0, stderr);

        const rows = (await Deno.readTextFile(join(shared!, "data", "multiarith.test.jsonl"))).split("\n").slice(0, 4);
        const prompts = rows.map((row) => `${JSON.parse(row).instruction}\n`);
        assert.deepEqual(await answersInNode(out, prompts, maxNewTokens), expected);
      }),
  });
}

/**
 * A sweep in a notebook, with Deno's real kernel and the client library of notebook pages. REFRACT_JUPYTER_PYTHON names
 * a Python that has jupyter_client; without it, the test is skipped with a message.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";

const python = Deno.env.get("REFRACT_JUPYTER_PYTHON");
if (python === undefined) console.log("REFRACT_JUPYTER_PYTHON is not set: no notebook is run");

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The output of a cell. */
interface Output {
  readonly type: "execute_result" | "display_data" | "stream" | "error";
  readonly content: { readonly data?: Readonly<Record<string, string>>; readonly text?: string };
}

/** Installs Deno's kernel in a folder, runs cells in it, and returns the output of each. */
async function cellsIn(folder: string, cells: readonly string[]): Promise<readonly (readonly Output[])[]> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  // Packages stay in Deno's cache; the kernel's own files are in the folder.
  const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout));
  const env = { DENO_DIR: denoDir, HOME: folder };
  const installed = await new Deno.Command(Deno.execPath(), { args: ["jupyter", "--install"], env }).output();
  assert.ok(installed.success, new TextDecoder().decode(installed.stderr));
  const script = join(root, "tests/integration/notebook_peer.py");
  const client = new Deno.Command(python!, { args: ["-B", script], cwd: root, env, stdin: "piped", stdout: "piped" })
    .spawn();
  const writer = client.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(cells)));
  await writer.close();
  const { stdout, success } = await client.output(), text = new TextDecoder().decode(stdout);
  assert.ok(success, text);
  return JSON.parse(text.trim().split("\n").at(-1)!);
}

Deno.test({
  name: "a sweep's run shows its table and plots in a notebook, and its events as they happen",
  ignore: python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const place = JSON.stringify({ out: join(folder, "run"), store: join(folder, "store"), threads: 1 });
      const [declared, told, shown, asked] = await cellsIn(folder, [
        `import { adamw, baseModel, block, evaluate, generate, greedy, loreft, loss, open, pipeline, records, run, sweep, train } from "refract";
         const rows = records([{ q: "sky", a: "blue" }, { q: "grass", a: "green" }], { prompt: "{q}:", completion: " {a}" });
         const declared = pipeline("notebook", () => {
           const rank = sweep("rank", [1, 2, 4]), optimizer = adamw({ learningRate: 0.01 });
           const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank }));
           const tuned = train(edited, { data: rows, epochs: 4, batchSize: 2, optimizer });
           return { score: evaluate(tuned, { data: rows, metrics: [loss()] }) };
         });`,
        `const running = run(declared, ${place});
         for await (const event of running) if (event.kind === "epoch") console.log("epoch", event.epoch);`,
        `await running.result`,
        `await generate((await running.result).member("rank=4"), "sky:", { decoding: greedy({ maxNewTokens: 2 }), store: ${place}.store })`,
      ]);
      assert.deepEqual(declared!.filter(({ type }) => type === "error"), []);
      assert.match(told!.map(({ content }) => content.text).join(""), /^epoch 1\nepoch 2\nepoch 3\nepoch 4\n/);
      const [result] = shown!.filter(({ type }) => type === "execute_result"), { data = {} } = result!.content;
      assert.match(data["text/plain"]!, /^notebook: 3 members, in /);
      const html = data["text/html"]!;
      assert.equal(html.match(/<tr>/g)?.length, 4, "a header row and one for each member");
      for (const title of ["score loss", "training loss"]) assert.ok(html.includes(`aria-label="${title}"`), title);
      assert.equal(html.match(/<polyline /g)?.length, 4, "the metric over the ranks, and three members' losses");
      assert.ok(asked!.some(({ type }) => type === "execute_result"), JSON.stringify(asked));
    }),
});

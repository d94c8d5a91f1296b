/**
 * The commands in READMEs, run in order in an empty folder that sees the examples. Those that need something else are
 * listed with what they need.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** READMEs with commands that need only the examples, in the order in which they are run. */
const readmes = ["cli", "recipes", "interchange", "interface", "web", "workflow"].map((name) => {
  return `pipelines/${name}/README.md`;
}).concat("pipelines/README.md", "examples/paper/README.md");

/** What some commands need besides the examples, as the text that shows it. */
const needs: readonly RegExp[] = [
  // The hub, and other servers.
  /HuggingFaceTB\/|owner\/name|--mlflow|https:/,
  // Files of the reader's own, and what pyreft and peft wrote.
  /path\/to|saved-by-pyreft|import adapter/,
  // Runs of other pipelines.
  /runs\/(arc-easy|first --member|lora|edit|loreft)/,
  // Someone who ends them.
  /\b(watch|serve) /,
];

/** The commands of a README's blocks. */
async function commandsOf(path: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(join(root, path));
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks.flatMap((block) => block.split("\n")).filter((line) => line.startsWith("deno task "));
}

Deno.test("the commands in READMEs succeed", () =>
  inFolder(async (folder) => {
    await Deno.symlink(join(root, "examples"), join(folder, "examples"));
    const call = async (line: string) => {
      const script = line.replace(/^deno task /, `"$DENO" task --quiet --config "$ROOT/deno.json" `);
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-c", script],
        cwd: folder,
        // npx sets INIT_CWD, too, and deno task trusts it.
        env: { DENO: Deno.execPath(), ROOT: root, NO_COLOR: "1", INIT_CWD: folder },
        stdin: "null",
      }).output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    };
    // The run that several READMEs name.
    assert.equal((await call("deno task run examples/quickstart/pipeline.ts --out runs/first")).code, 0);
    let count = 0;
    for (const readme of readmes) {
      for (const line of await commandsOf(readme)) {
        if (needs.some((shown) => shown.test(line))) continue;
        // A folder is made once, though several READMEs make it.
        const out = / --out (\S+)/.exec(line)?.[1];
        if (out !== undefined) await Deno.remove(join(folder, out), { recursive: true }).catch(() => {});
        const { code, stderr } = await call(line);
        assert.equal(code, 0, `${readme}: ${line}\n${stderr}`);
        count++;
      }
    }
    assert.ok(count >= 18, `${count} commands were run`);
  }));

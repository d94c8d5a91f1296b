/** Refract's scripts for browsers: their dependencies and their size. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { gzipSync } from "fflate";
import ts from "typescript";
import { bundled, twins } from "../../pipelines/interchange/web/bundle.ts";
import { writeTypes } from "../../pipelines/interchange/web/types.ts";
import { inFolder } from "../pipelines/models/support.ts";

/** The maximum compressed size of each script, in bytes. */
const most = { "web/library/refract_web.ts": 520e3, "web/site/engine.ts": 520e3, "web/page/page.ts": 10e3 } as const;

for (const [entry, bytes] of Object.entries(most)) {
  Deno.test(`${entry} is bundled into one script that uses neither Deno nor Node, of at most ${bytes / 1e3} kB`, () =>
    inFolder(async (folder) => {
      const script = await bundled(entry, folder);
      // A package checks globalThis for Deno, but does not use it.
      const used = script.match(/.{0,40}(?<![\w$.])Deno\.[A-Za-z]+/g) ?? [];
      assert.deepEqual(used, []);
      assert.deepEqual(script.match(/(?:from|import|require)\s*\(?["']node:[\w/]+["']/g) ?? [], []);
      const size = gzipSync(new TextEncoder().encode(script)).length;
      console.log(`${entry}: ${(size / 1e3).toFixed(0)} kB compressed`);
      assert.ok(size <= bytes, `${size} bytes`);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
    }));
}

Deno.test("deno task web refuses invalid arguments and folders in one line, and shows its usage", () =>
  inFolder(async (folder) => {
    const program = fileURLToPath(new URL("../../pipelines/interchange/web/build.ts", import.meta.url));
    const building = async (...args: readonly string[]) => {
      const permissions = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-run"];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", ...permissions, program, ...args],
        env: { NO_COLOR: "1" },
      }).output();
      return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    };
    assert.match((await building("--help")).stdout, /^Usage: deno task web \[folder\]/);
    await Deno.writeTextFile(`${folder}/file`, "");
    for (
      const [args, says] of [
        [["--out", "x"], /^error: Unknown option '--out'; give one folder, as in deno task web site\n$/],
        [["a", "b"], /^error: 2 folders are given; give one folder/],
        [[`${folder}/file`], /^error: .*\/file: can't be written \(.*\); make its folder writable[^\n]*\n$/],
      ] as const
    ) {
      const { code, stderr } = await building(...args);
      assert.match(stderr, says);
      assert.equal(code, 2);
    }
  }));

Deno.test("every twin replaces an existing file, and has its exports", async () => {
  for (const path of twins) {
    const name = path.slice(path.lastIndexOf("/") + 1), pipelines = new URL("../../pipelines/", import.meta.url);
    const own = await exportsOf(new URL(path, pipelines)),
      twin = await exportsOf(new URL(`web/twins/${name}`, pipelines));
    assert.deepEqual(own.filter((each) => !twin.includes(each)), [], path);
  }
});

/** The values that a file exports. */
async function exportsOf(file: URL): Promise<string[]> {
  const text = await Deno.readTextFile(file);
  return [...text.matchAll(/^export (?:async )?(?:const|class|function\*?|async function\*?) (\w+)/gm)].map((
    [, name],
  ) => name!);
}

Deno.test("a page's own TypeScript is checked against the script's types", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/scripts`);
    await writeTypes(folder);
    const own = `${folder}/own.ts`,
      write = (rank: string) =>
        Deno.writeTextFile(
          own,
          `import { baseModel, block, loreft, modelAt, type RunOptions } from "./scripts/refract.web.js";
        export const options: RunOptions = { threads: 1 };
        export const own = baseModel(await modelAt("models/own/", { onProgress: (done) => done.toFixed() }));
        export const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: ${rank} }));`,
        );
    const faults = () => {
      const program = ts.createProgram([own], {
        ...{ strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ["lib.esnext.d.ts", "lib.dom.d.ts"] },
        target: ts.ScriptTarget.ESNext,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
      });
      return ts.getPreEmitDiagnostics(program, program.getSourceFile(own)).map(({ messageText }) =>
        ts.flattenDiagnosticMessageText(messageText, " ")
      );
    };
    await write("4");
    assert.deepEqual(faults(), []);
    await write('"four"');
    assert.match(faults().join(), /string.* is not assignable/);
  }));

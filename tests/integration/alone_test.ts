/** A pipeline file that is run as a program. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { mayStartDeno } from "../support/command.ts";

const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Deno's output for a program that declares a pipeline. */
async function alone(rest: string): Promise<{ readonly code: number; readonly stderr: string; readonly file: string }> {
  const folder = await Deno.realPath(await Deno.makeTempDir()), file = `${folder}/pipeline.ts`;
  try {
    await Deno.writeTextFile(
      file,
      `import { pipeline } from "refract";\n\nconst made = pipeline("p", () => ({}));\n${rest}\n`,
    );
    const args = ["run", "--quiet", "--no-prompt", "--no-lock", "--config", config, file];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
    return { code, stderr: new TextDecoder().decode(stderr), file };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a pipeline file that is run as a program explains how to run it", async () => {
  if (!mayStartDeno()) return;
  const { code, stderr, file } = await alone("export default made;");
  const says =
    `error: ${file}:3:14: a pipeline file only declares a pipeline; run it with deno task --config ${config} run ${file}\n`;
  assert.deepEqual({ code, stderr }, { code: 2, stderr: says });
});

Deno.test("a program that builds its own pipeline runs without that message", async () => {
  if (!mayStartDeno()) return;
  const { code, stderr } = await alone("made.build();");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

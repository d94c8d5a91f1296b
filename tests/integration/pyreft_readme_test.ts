/**
 * The program in the README of an export to pyreft, run with pyreft itself on a float32 and a bfloat16 model.
 * REFRACT_PEER_PYTHON names a Python that has pyreft.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";
import { inProcess } from "../support/command.ts";

const python = Deno.env.get("REFRACT_PEER_PYTHON");
if (python === undefined) console.log("REFRACT_PEER_PYTHON is not set: pyreft does not run the README's program");
const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** An edit of both ends of a prompt in two blocks, so that the order of the locations matters. */
const pipelineText = `
import { adamw, baseModel, block, evaluate, exactMatch, greedy, loreft, pipeline, train } from "refract";
import { seen, unseen } from "${new URL("../../examples/quickstart/colours.ts", import.meta.url)}";

export default pipeline("ends", () => {
  const edit = loreft({ at: block([1, 2]).output, positions: "f2+l1", rank: 4 });
  const tuned = train(baseModel("builtin:tiny").with(edit), {
    data: seen, epochs: 6, batchSize: 8, optimizer: adamw({ learningRate: 1e-2 }),
  });
  return { tuned: evaluate(tuned, { data: unseen, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] }) };
});
`;

Deno.test({
  name: "the README of an export to pyreft has a program that answers like Refract, in float32 and bfloat16",
  ignore: python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const run = join(folder, "run"), out = join(folder, "pyreft"), file = join(folder, "pipeline.ts");
      await Deno.writeTextFile(file, pipelineText);
      for (
        const args of [
          ["run", file, "--store", join(folder, "store"), "--out", run],
          ["export", run, "--to", "pyreft", "--out", out],
        ]
      ) {
        const { code, stderr } = await inProcess(...args);
        assert.equal(code, 0, stderr);
      }
      const readme = await Deno.readTextFile(join(out, "README.md"));
      const program = /```python\n(.*?)```/s.exec(readme)![1]!;
      await Deno.writeTextFile(join(out, "generate.py"), program);
      const lines = await Deno.readTextFile(join(run, "members", "main", "predictions.jsonl"));
      const [first] = lines.split("\n").map((line) => JSON.parse(line || "null"));
      for (const dtype of ["float32", "bfloat16"]) {
        const { code, stdout, stderr } = await new Deno.Command(python!, {
          args: ["-B", join(out, "generate.py"), root("pipelines/models/builtin/tiny"), first.prompt, dtype],
        }).output();
        // A library that pyreft imports prints a line about a missing dependency.
        const said = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!.trim();
        assert.equal(code, 0, new TextDecoder().decode(stderr));
        assert.equal(said, first.prediction.trim(), dtype);
      }
    }),
});

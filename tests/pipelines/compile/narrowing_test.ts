import assert from "node:assert/strict";
import { valuesOf } from "../../../ops/program/program.ts";
import { lowerAdaptations } from "../../../pipelines/compile/lower/lower_adaptations.ts";
import { wholeRows } from "../../../pipelines/compile/rows/layout.ts";
import { headProgram } from "../../../pipelines/compile/programs/inference_programs.ts";
import { readFamilyGolden } from "../models/families/families_golden.ts";
import { openFolder } from "../models/support_forward.ts";

Deno.test("an encoder with gelu_new computes the last block's MLP only for the token that its head reads", async () => {
  const { folder } = await readFamilyGolden("roberta-classifier"), { architecture } = await openFolder(folder);
  const at = { blocks: 0, site: "block.output" } as const;
  const edit = { kind: "loreft", at, positions: "f1", rank: 2, tied: false } as const;
  const head = { kind: "classification", labels: ["no", "yes"], frozen: false, fresh: false } as const;
  const members = [lowerAdaptations([edit, head], architecture)];
  const program = headProgram(
    { architecture, storedType: () => "float32", members, full: false },
    wholeRows(architecture, []),
  );
  const activations = valuesOf(program).filter(({ op }) => op === "geluTanh");
  assert.deepEqual(activations.map(({ shape }) => shape), [["batch", "tail", 20], ["batch", 20]]);
});

/** Which values of a prefill come from an encoding and which from the program, segment by segment. */
import assert from "node:assert/strict";
import type { Adaptation } from "../../../../pipelines/compile/lower/adaptation.ts";
import { typicalExtents } from "../../../../pipelines/compile/frontier/compiled_training.ts";
import { compilePrefill, wholePrefill } from "../../../../pipelines/compile/frontier/prefill.ts";
import type { CompiledModel } from "../../../../pipelines/compile/programs/forward.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { layoutOf } from "../../../../pipelines/compile/rows/layout.ts";
import type { Architecture } from "../../../../pipelines/models/architecture/architecture.ts";
import { exampleOf, lowered, t5Architecture, tinyArchitecture } from "../rows/support.ts";

const examples = [exampleOf(30, 0), exampleOf(40, 0)];
const edit = (positions: string, at: Readonly<Record<string, unknown>> = {}) => {
  return { kind: "loreft", at: { blocks: [1], site: "block.output", ...at }, positions, rank: 2 };
};

function compiled(architecture: Architecture, adaptations: readonly Adaptation[]) {
  const model: CompiledModel = { architecture, storedType: () => "float32", members: [adaptations], full: false };
  const layout = layoutOf(architecture, adaptations, examples);
  const rows = examples.map((each) => layOut(each, layout));
  return { whole: wholePrefill(model, layout), cut: compilePrefill(model, layout, typicalExtents(rows)) };
}

/** Where the keys and values of each segment come from, one letter each: kept or result. */
const originsOf = (runs: ReturnType<typeof compiled>["cut"]["runs"]) =>
  runs.map(({ segment, isEncoded, blocks }) => {
    const letters = blocks.map(({ key, value }) => `${key.from[0]}${value.from[0]}`).join(" ");
    return `${segment}: ${letters}${isEncoded ? ", encoded" : ""}`;
  });

Deno.test("values that no edit affects are kept, and the rest comes from the program", () => {
  const { whole, cut } = compiled(tinyArchitecture, lowered(tinyArchitecture, edit("l2", { blocks: [0] })));
  assert.deepEqual(originsOf(whole.runs), ["shared: rr rr", "context: rr rr", "tail: rr rr"]);
  assert.deepEqual(originsOf(cut.runs), ["shared: kk kk", "context: kk kk", "tail: kk rr"]);
  assert.deepEqual(Object.keys(cut.program.outputs).sort(), ["logits", "tail.1.key", "tail.1.value"]);
});

Deno.test("every tensor of a prefill is stored or among the program's results", () => {
  for (
    const [architecture, adaptations] of [
      [tinyArchitecture, lowered(tinyArchitecture, edit("f1+l1"))],
      [tinyArchitecture, lowered(tinyArchitecture, edit("l1"))],
      [t5Architecture, lowered(t5Architecture, edit("l1", { stack: "encoder" }))],
      [t5Architecture, lowered(t5Architecture, edit("all", { stack: "decoder" }))],
    ] as const
  ) {
    const { whole, cut } = compiled(architecture, adaptations);
    for (const { program, runs, kept } of [{ ...whole, kept: [] }, cut]) {
      const known = { kept: new Set(kept.map(({ name }) => name)), result: new Set(Object.keys(program.outputs)) };
      for (const { key, value } of runs.flatMap(({ blocks }) => blocks)) {
        for (const { from, name } of [key, value]) assert.ok(known[from].has(name), name);
      }
    }
  }
});

Deno.test("a decoder's keys and values of the encoder's output are kept if only the decoder is edited", () => {
  const decoder = compiled(t5Architecture, lowered(t5Architecture, edit("all", { stack: "decoder" })));
  assert.deepEqual(originsOf(decoder.cut.runs), ["context: kk kk kk, encoded", "tail: kk kk rr"]);
  const encoder = compiled(t5Architecture, lowered(t5Architecture, edit("l1", { stack: "encoder" })));
  assert.deepEqual(originsOf(encoder.cut.runs)[0], "context: rr rr rr, encoded");
});

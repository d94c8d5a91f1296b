import assert from "node:assert/strict";
import { ownValue, putValue } from "../../../../ops/program/own_value.ts";
import type { Feeds } from "../../../../pipelines/common/host_tensor.ts";
import { encodeParts } from "../../../../pipelines/compile/frontier/encode_parts.ts";
import { activationsProgram, hiddenStateName } from "../../../../pipelines/compile/programs/activations_program.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { runFeeds } from "../../../../pipelines/models/architecture/model_inputs.ts";
import { Runtime } from "../../../../pipelines/runtime/runtime.ts";
import { familyCases, readFamilyGolden } from "../../../pipelines/models/families/families_golden.ts";
import { openFolder, openProgram, weightsOf } from "../../../pipelines/models/support_forward.ts";

/** T5 has two stacks of tokens; the other is refused past its first context. */
const elsewhere = /^(t5|phi3-longrope-long)/;

for (const name of familyCases.filter((each) => !elsewhere.test(each))) {
  Deno.test(`a program in parts computes the same bits: ${name}`, async () => {
    const golden = await readFamilyGolden(name), model = await openFolder(golden.folder), { architecture } = model;
    const { stack: { tokens, mask }, segments } = golden;
    const own = (ids: typeof tokens, row: number) => ids[row]!.filter((_, at) => mask[row]![at] === 1);
    const rows = tokens.map((_, row) => ({
      tokens: own(tokens, row),
      start: 0,
      ...segments === undefined ? {} : { types: own(segments, row) },
    }));
    const length = Math.max(...rows.map(({ tokens }) => tokens.length));
    const weights = weightsOf(model), layout = wholeRows(architecture, []);
    const all = activationsProgram({ architecture, layout, weights, sites: [], hiddenStates: true, logits: false });
    const last = hiddenStateName(architecture.blocks);
    const program = { name: "encode", outputs: { [last]: ownValue(all.outputs, last)! } };
    const feeds = runFeeds("tail", architecture, { rows, length });

    using runtime = new Runtime({ threads: 1 });
    const { outputs: whole } = await (await openProgram(runtime, model, program)).run({ ...feeds });
    const parts = encodeParts(program, { batch: 1, tail: length }, 4000);
    assert.ok(parts.length >= 3, `${parts.length} parts`);
    const passed: Feeds = {};
    for (const { program: part, gives } of parts) {
      const { outputs } = await (await openProgram(runtime, model, part)).run({ ...feeds, ...passed });
      for (const { name } of gives) putValue(passed, name, ownValue(outputs, name)!);
    }
    assert.deepEqual(ownValue(passed, last)!.data, ownValue(whole, last)!.data);
  });
}

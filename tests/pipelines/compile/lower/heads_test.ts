/**
 * Heads of every encoder family compared with transformers: predictions and loss for rows of different lengths.
 *
 * @module
 */
import assert from "node:assert/strict";
import { elementCount } from "../../../../ops/program/dimension.ts";
import type { Adaptation } from "../../../../pipelines/compile/lower/adaptation.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { exampleFeeds } from "../../../../pipelines/compile/rows/feeds.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import type { Feeds } from "../../../../pipelines/common/host_tensor.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import type { CompiledModel } from "../../../../pipelines/compile/programs/forward.ts";
import { headProgram, scoreProgram } from "../../../../pipelines/compile/programs/inference_programs.ts";
import { readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import type { TensorRecord } from "../../../../pipelines/models/weights/safetensors_table.ts";
import { storedName } from "../../../../pipelines/models/weights/stored_names.ts";
import { Runtime } from "../../../../pipelines/runtime/runtime.ts";
import { familyCases, type FamilyGolden, readFamilyGolden } from "../../models/families/families_golden.ts";
import { type FolderModel, largestDifference, openFolder, openProgram } from "../../models/support_forward.ts";

function recordOf({ architecture, tensors }: FolderModel, name: string): TensorRecord {
  return tensors.get(storedName(name, tensors, architecture.barePrefix)!)!;
}

/** A case's own head as an adaptation, and the feeds of its tensors. */
async function headOf(model: FolderModel, outputs: number): Promise<[Adaptation[], Feeds]> {
  const labels = Array.from({ length: outputs }, (_, id) => `class ${id}`);
  const spec = { kind: "classification", labels, frozen: false, fresh: false } as const;
  const pieces = lowerAdaptations([spec], model.architecture), feeds: Feeds = {};
  for (const [name, { shape }] of Object.entries(pieces[0]!.tensors)) {
    const record = recordOf(model, name);
    assert.deepEqual(record.shape, shape);
    feeds[`0.${name}`] = { data: await readTensor(record), shape };
  }
  return [pieces, feeds];
}

/** The case's rows without their padding. */
function examplesOf({ stack: { tokens, mask }, segments, head }: FamilyGolden) {
  const own = (of: readonly number[], row: number) => of.filter((_, at) => mask[row]![at] === 1);
  return tokens.map((ids, row) => ({
    prompt: own(ids, row),
    ...segments === undefined ? {} : { typeIds: own(segments[row]!, row) },
    completion: [head!.labels[row]!],
    source: { text: "", fields: {}, spans: {} },
  }));
}

const cases = familyCases.filter((name) => name.includes("-classifier"));

for (const name of cases) {
  Deno.test(`a head has the predictions and the loss of transformers: ${name}`, async () => {
    const golden = await readFamilyGolden(name), model = await openFolder(golden.folder);
    const { architecture } = model, { logits, loss } = golden.head!;
    const [pieces, parameters] = await headOf(model, logits.shape[1]!);
    const compiled: CompiledModel = {
      architecture,
      storedType: (name) => (recordOf(model, name).dtype === "F32" ? "float32" : "float16"),
      members: [pieces],
      full: false,
    };
    const layout = wholeRows(architecture, pieces), rows = examplesOf(golden).map((example) => layOut(example, layout));
    const feeds = { ...exampleFeeds(rows, layout, architecture, pieces), ...parameters };
    using runtime = new Runtime({ threads: 1 });
    const run = async (program: ReturnType<typeof headProgram>) => {
      return (await (await openProgram(runtime, model, program)).run(feeds)).outputs;
    };
    const { headOutputs } = await run(headProgram(compiled, layout));
    assert.deepEqual(headOutputs!.shape, logits.shape);
    assert.ok(largestDifference(headOutputs!.data as Float32Array, logits.data) <= 1e-4);
    const { losses } = await run(scoreProgram(compiled, layout));
    assert.equal(elementCount(losses!.shape), rows.length);
    const mean = (losses!.data as Float32Array).reduce((sum, each) => sum + each, 0) / rows.length;
    assert.ok(Math.abs(mean - loss) <= 1e-4, `a loss of ${mean} and not ${loss}`);
  });
}

Deno.test("some heads pool the first token, and some the mean of all", () => {
  assert.ok(cases.length >= 6 && cases.some((name) => name.endsWith("-mean")));
});

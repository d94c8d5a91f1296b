import assert from "node:assert/strict";
import * as o from "../../../../ops/operators.ts";
import type { EditedModel } from "../../../../pipelines/models/architecture/architecture.ts";
import type { Adaptation } from "../../../../pipelines/compile/lower/adaptation.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { trainedTensors } from "../../../../pipelines/compile/lower/tensor_forms.ts";
import {
  copyTensors,
  drawTensors,
  readTensors,
  type TensorMap,
  trainedForm,
} from "../../../../pipelines/compile/parameters/initial.ts";
import { writeSafetensors } from "../../../../pipelines/models/weights/safetensors_writer.ts";
import { evaluate } from "../../../ops/reference.ts";
import { tensor } from "../../../ops/tensor.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";
import { model } from "../support.ts";

const at = { blocks: 1, site: "block.output" } as const;
const loreft = { kind: "loreft", at, positions: "l1", rank: 3, tied: false } as const;
const dora = { kind: "dora", blocks: [0], modules: ["q_proj"], rank: 2 } as const;
const edits = lowerAdaptations([loreft], model);

/** The dot products of the columns of a matrix [rows, columns]. */
function columnProducts(data: ArrayLike<number>, columns: number): number[] {
  const rows = data.length / columns;
  return Array.from({ length: columns * columns }, (_, index) => {
    const [left, right] = [Math.floor(index / columns), index % columns];
    return Array.from({ length: rows }, (_, row) => data[row * columns + left]! * data[row * columns + right]!)
      .reduce((sum, each) => sum + each, 0);
  });
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  for (let index = 0; index < actual.length; index++) {
    const difference = Math.abs(actual[index]! - expected[index]!);
    assert.ok(difference < 1e-5, `${index}: ${actual[index]} and not ${expected[index]}`);
  }
}

const numbersOf = (tensors: TensorMap, name: string) => Array.from(tensors[name]!.data, Number);

Deno.test("LoReFT starts with orthonormal columns and a linear source within ±1/√inputs", async () => {
  const drawn = await drawTensors(edits, 1);
  assert.deepEqual(Object.keys(drawn), ["0.rotate", "0.weight", "0.bias"]);
  assertNear(columnProducts(numbersOf(drawn, "0.rotate"), 3), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const weight = numbersOf(drawn, "0.weight"), bound = 1 / Math.sqrt(8);
  assert.ok(weight.every((each) => Math.abs(each) <= bound) && new Set(weight).size === 24);
});

Deno.test("a tensor's initial values depend only on the seed and its name", async () => {
  const both = await drawTensors(lowerAdaptations([loreft, loreft], model), 1);
  assert.deepEqual(both["0.weight"], (await drawTensors(edits, 1))["0.weight"]);
  assert.notDeepEqual(both["0.weight"], both["1.weight"]);
  assert.notDeepEqual(both["0.weight"], (await drawTensors(edits, 2))["0.weight"]);
});

Deno.test("DoRA's magnitudes start at the norms of its weight's rows, or at 1 if no weights are read", async () => {
  const list = lowerAdaptations([dora], model), norms = Float32Array.from({ length: 8 }, (_, row) => row + 2);
  const asked: string[] = [];
  const rowNorms = (weight: string) => {
    asked.push(weight);
    return Promise.resolve(norms);
  };
  const magnitude = Object.entries(list[0]!.tensors).find(([, { start }]) => start === "rowNorms")![0];
  const own = await drawTensors(list, 1, { rowNorms, ofHead: () => undefined });
  assert.deepEqual(own[`0.${magnitude}`], { data: norms, shape: [8] });
  assert.deepEqual(asked, ["blocks.0.attention.q_proj.weight"]);
  assert.deepEqual(numbersOf(await drawTensors(list, 1), `0.${magnitude}`), Array(8).fill(1));
});

/** The tensors that training computes at its start. */
function atStart(list: readonly Adaptation[], saved: TensorMap): Record<string, ArrayLike<number>> {
  const { parameters, bases } = trainedForm(list, saved);
  const leaves = Object.fromEntries(
    Object.entries({ ...parameters, ...bases }).map(([name, { data, shape }]) => [
      name,
      tensor(shape, Array.from(data, Number)),
    ]),
  );
  return Object.fromEntries(list.flatMap((adaptation) => {
    const values = Object.entries(trainedTensors(adaptation));
    const results = evaluate(values.map(([, value]) => value), { symbols: {}, leaves });
    return values.map(([name], index) => [`${adaptation.index}.${name}`, results[index]!.data]);
  }));
}

Deno.test("training starts at the drawn tensors, an orthogonal one by its parametrization", async () => {
  for (const seed of [1, 2, 3]) {
    const drawn = await drawTensors(edits, seed), found = atStart(edits, drawn);
    for (const name of Object.keys(drawn)) assertNear(found[name]!, numbersOf(drawn, name));
  }
});

Deno.test("a frozen head is fed and not trained", async () => {
  const classifier: EditedModel["classifier"] = {
    pooled: "last",
    scores: (rows, weights, classes) => o.matmul(rows, weights("score.weight", [classes, 8]), { transposeB: true }),
  };
  const spec = { kind: "regression", frozen: true, fresh: true } as const;
  const list = lowerAdaptations([spec], { ...model, classifier });
  const { parameters, bases } = trainedForm(list, await drawTensors(list, 1));
  assert.deepEqual([Object.keys(parameters), Object.keys(bases)], [[], ["frozen.0.score.weight"]]);
});

Deno.test("copyTensors() shares no buffer with its input", () => {
  const tensors: TensorMap = { a: { data: Float32Array.of(1, 2), shape: [2] } }, copy = copyTensors(tensors);
  assert.deepEqual(copy, tensors);
  assert.notEqual(copy["a"]!.data.buffer, tensors["a"]!.data.buffer);
});

/** Writes drawn tensors to a file, after a change. */
async function fileOf(folder: string, change: (tensors: Record<string, TensorMap[string]>) => void): Promise<string> {
  const path = `${folder}/weights.safetensors`, tensors = { ...await drawTensors(edits, 1) };
  change(tensors);
  await writeSafetensors(
    path,
    Object.entries(tensors).map(([name, { data, shape }]) => ({ name, shape, data: Float32Array.from(data, Number) })),
  );
  return path;
}

Deno.test("readTensors() renumbers a file's tensors from the first adaptation on", () =>
  inFolder(async (folder) => {
    const path = await fileOf(folder, () => {}), drawn = await drawTensors(edits, 1);
    const later = lowerAdaptations([dora, loreft], model).filter(({ form }) => form === "intervention");
    const read = await readTensors(path, later);
    assert.deepEqual(Object.keys(read), ["1.rotate", "1.weight", "1.bias"]);
    assert.deepEqual(numbersOf(read, "1.weight"), numbersOf(drawn, "0.weight"));
  }));

Deno.test("readTensors() refuses a file that lacks a tensor, or has one of another shape or no rotation", () =>
  inFolder(async (folder) => {
    const cases: readonly [(tensors: Record<string, TensorMap[string]>) => void, RegExp][] = [
      [
        (tensors) => delete tensors["0.bias"],
        /the tensor 0\.bias that the edit needs is missing; the file has 0\.rotate/,
      ],
      [
        (tensors) => tensors["0.bias"] = { data: new Float32Array(4), shape: [4] },
        /the tensor 0\.bias is \[4\] where the edit needs \[3\]; check rank and model/,
      ],
      [
        (tensors) => tensors["0.rotate"] = { data: new Float32Array(24).fill(1), shape: [8, 3] },
        /the tensor 0\.rotate has columns that are not orthonormal; start from a rotation/,
      ],
    ];
    for (const [change, pattern] of cases) {
      const path = await fileOf(folder, change);
      await assert.rejects(readTensors(path, edits), (error) => assertOneLine(error, pattern));
    }
  }));

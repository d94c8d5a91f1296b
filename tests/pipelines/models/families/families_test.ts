import assert from "node:assert/strict";
import { gradients } from "../../../../ops/passes/autodiff.ts";
import { elementCount } from "../../../../ops/program/dimension.ts";
import { rowsAt } from "../../../../ops/nn/loss.ts";
import { input, parameter, type Program, type Value } from "../../../../ops/program/program.ts";
import { simplify } from "../../../../ops/passes/simplify.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { activationsProgram, hiddenStateName } from "../../../../pipelines/compile/programs/activations_program.ts";
import type { RunRow } from "../../../../pipelines/models/inputs/input_kind.ts";
import { runFeeds } from "../../../../pipelines/models/architecture/model_inputs.ts";
import type { EditHook } from "../../../../pipelines/models/architecture/architecture.ts";
import { type HostTensor, Runtime } from "../../../../pipelines/runtime/runtime.ts";
import * as o from "../../../../ops/operators.ts";
import {
  familyCases,
  type FamilyGolden,
  type IdRows,
  type Numbers,
  readFamilyGolden,
  UNLABELLED,
  unmaskedRows,
} from "./families_golden.ts";
import { type FolderModel, largestDifference, openFolder, openProgram, weightsOf } from "../support_forward.ts";

/** Cases of other tests: t5_test compares T5, activations_test that rows beyond LongRoPE's context are refused. */
const elsewhere = /^(t5|phi3-longrope-long)/;
const tolerance = 1e-4;

/** Each row's own tokens, whichever side it is padded on. */
function rowsOf({ stack: { tokens, mask }, segments }: FamilyGolden): RunRow[] {
  const own = (ids: IdRows, row: number) => ids[row]!.filter((_, at) => mask[row]![at] === 1);
  return tokens.map((_, row) => ({
    tokens: own(tokens, row),
    start: 0,
    ...(segments === undefined ? {} : { types: own(segments, row) }),
  }));
}

function assertRows(found: HostTensor, expected: readonly Float32Array[], rows: readonly RunRow[], what: string): void {
  const width = found.shape[2]!, length = found.shape[1]!, data = found.data as Float32Array;
  rows.forEach(({ tokens }, row) => {
    const own = data.subarray(row * length * width, (row * length + tokens.length) * width);
    const difference = largestDifference(own, expected[row]!);
    assert.ok(difference <= tolerance, `${what} of row ${row} differ by ${difference}`);
  });
}

function assertClose(found: HostTensor, expected: Numbers, what: string): void {
  assert.deepEqual(found.shape, expected.shape);
  const difference = largestDifference(found.data as Float32Array, expected.data);
  assert.ok(difference <= tolerance, `${what} differ by ${difference}`);
}

/** The mean cross-entropy over the labelled positions or rows, and its gradient with respect to block 0's output. */
function gradientProgram({ architecture, ...model }: FolderModel): Program {
  const delta = parameter("delta", ["batch", "tail", architecture.width]);
  const edit: EditHook = ({ block, name }, hidden) =>
    block === 0 && name === "block.output" ? o.add(hidden, delta) : hidden;
  const weights = weightsOf({ architecture, ...model });
  const layout = wholeRows(architecture, []);
  const request = { architecture, layout, weights, sites: [], hiddenStates: false, logits: true, edit: () => edit };
  const { logits } = activationsProgram(request).outputs as { logits: Value };
  const flat = o.reshape(logits, [elementCount(logits.shape.slice(0, -1)), logits.shape[logits.shape.length - 1]!]);
  const rows = rowsAt(flat, input("labelled.indices", ["labelled", 1], "int64"));
  const losses = o.crossEntropy(rows, input("labelled.targets", ["labelled", 1], "int64"));
  const loss = o.reduceSum(o.mul(losses, input("scale", [])), [0, 1]);
  const [gradient] = gradients(loss, [delta]);
  return simplify({ name: "gradient", outputs: { loss, gradient: gradient! } });
}

/** The labels, and the rows of the flattened logits that they belong to. */
function labelsOf({ stack: { mask }, head }: FamilyGolden, rows: readonly RunRow[], longest: number): Labelled[] {
  const { labels, logits } = head!;
  const ofRows = logits.shape.length === 2;
  const places = ofRows ? rows.map((_, row) => row) : rows.flatMap(({ tokens }, row) => {
    return tokens.map((_, at) => row * longest + at);
  });
  const own = ofRows ? labels : labels.filter((_, at) => mask.flat()[at] === 1);
  return own.flatMap((label, at) => (label === UNLABELLED ? [] : [{ label, place: places[at]! }]));
}

interface Labelled {
  readonly label: number;
  readonly place: number;
}

const column = (of: readonly number[]) => ({ data: BigInt64Array.from(of, BigInt), shape: [of.length, 1] });

for (const name of familyCases.filter((each) => !elsewhere.test(each))) {
  Deno.test(`hidden states, logits and gradients match transformers: ${name}`, async () => {
    const golden = await readFamilyGolden(name), model = await openFolder(golden.folder), { architecture } = model;
    const rows = rowsOf(golden), longest = Math.max(...rows.map(({ tokens }) => tokens.length));
    const { stack: { mask, hiddenStates, gradients }, head } = golden;
    using runtime = new Runtime({ threads: 1 });
    const feeds = runFeeds("tail", architecture, { rows, length: longest });

    const program = activationsProgram({
      architecture,
      layout: wholeRows(architecture, []),
      weights: weightsOf(model),
      sites: [],
      hiddenStates: true,
      logits: head !== undefined,
    });
    const { outputs } = await (await openProgram(runtime, model, program)).run(feeds);
    hiddenStates.forEach((state, index) => {
      assertRows(outputs[hiddenStateName(index)]!, unmaskedRows(state, mask), rows, `Hidden states ${index}`);
    });
    if (head === undefined) {
      assert.equal(architecture.head, undefined);
      return;
    }
    const { logits } = outputs;
    if (head.logits.shape.length === 3) assertRows(logits!, unmaskedRows(head.logits, mask), rows, "Logits");
    else assertClose(logits!, head.logits, "Scores");

    const kept = labelsOf(golden, rows, longest);
    const session = await openProgram(runtime, model, gradientProgram(model));
    const shape = [rows.length, longest, architecture.width];
    const { outputs: { loss, gradient } } = await session.run({
      ...feeds,
      "labelled.indices": column(kept.map(({ place }) => place)),
      "labelled.targets": column(kept.map(({ label }) => label)),
      scale: { data: Float32Array.of(1 / kept.length), shape: [] },
      delta: { data: new Float32Array(elementCount(shape)), shape },
    });
    const difference = Math.abs((loss!.data as Float32Array)[0]! - head.loss);
    assert.ok(difference <= tolerance, `The losses differ by ${difference}`);
    assertRows(gradient!, unmaskedRows(gradients.get(0)!, mask), rows, "Gradients");
  });
}

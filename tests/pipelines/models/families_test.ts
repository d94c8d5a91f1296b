import assert from "node:assert/strict";
import { gradients } from "../../../ops/autodiff.ts";
import { elementCount } from "../../../ops/dimension.ts";
import { rowsAt } from "../../../ops/nn/loss.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Program } from "../../../ops/program.ts";
import { simplify } from "../../../ops/simplify.ts";
import { activationsProgram, hiddenStateName } from "../../../pipelines/compile/activations.ts";
import { runFeeds, type RunRow } from "../../../pipelines/compile/run_feeds.ts";
import type { EditHook } from "../../../pipelines/models/architecture.ts";
import { runInputs } from "../../../pipelines/models/places.ts";
import { type HostTensor, Runtime } from "../../../pipelines/runtime/runtime.ts";
import {
  familyCases,
  type FamilyGolden,
  type IdRows,
  readFamilyGolden,
  UNLABELLED,
  unmaskedRows,
} from "./families_golden.ts";
import { type FolderModel, largestDifference, openFolder, openProgram, weightsOf } from "./support_forward.ts";

/** Cases that a test of their own compares. */
const elsewhere = /^(t5|names-bert|bert|roberta|distilbert|deberta|modernbert|bloom|phi3-longrope-long)/;
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

/** The gradient of the labelled places' mean cross-entropy toward what block 0 gives. */
function gradientProgram({ architecture, ...model }: FolderModel): Program {
  const weights = weightsOf({ architecture, ...model });
  const delta = parameter("delta", ["batch", "tail", architecture.width]);
  const edit: EditHook = ({ block, name }, hidden) =>
    block === 0 && name === "block.output" ? o.add(hidden, delta) : hidden;
  const segment = runInputs(architecture, {
    name: "tail",
    batch: "batch",
    masks: architecture.places.causal ? 1 : "batch",
  });
  const { hiddenStates } = architecture.forward({ ...segment, edit }, weights);
  const places = input("labelled.places", ["labelled", 1], "int64");
  const logits = architecture.logits(rowsAt(hiddenStates[architecture.blocks]!, places), weights);
  const losses = o.crossEntropy(logits, input("labelled.targets", ["labelled", 1], "int64"));
  const loss = o.reduceSum(o.mul(losses, input("scale", [])), [0, 1]);
  const [gradient] = gradients(loss, [delta]);
  return simplify({ name: "gradient", outputs: { loss, gradient: gradient! } });
}

for (const name of familyCases.filter((each) => !elsewhere.test(each))) {
  Deno.test(`hidden states, logits and gradients are transformers': ${name}`, async () => {
    const golden = await readFamilyGolden(name), model = await openFolder(golden.folder), { architecture } = model;
    const rows = rowsOf(golden), longest = Math.max(...rows.map(({ tokens }) => tokens.length));
    const { mask, hiddenStates, gradients } = golden.stack, head = golden.head!;
    using runtime = new Runtime({ threads: 1 });
    const feeds = runFeeds("tail", rows, longest, architecture);

    const program = activationsProgram({
      architecture,
      weights: weightsOf(model),
      sites: [],
      hiddenStates: true,
      logits: true,
    });
    const { outputs } = await (await openProgram(runtime, model, program)).run(feeds);
    hiddenStates.forEach((state, index) => {
      assertRows(outputs[hiddenStateName(index)]!, unmaskedRows(state, mask), rows, `Hidden states ${index}`);
    });
    assertRows(outputs["logits"]!, unmaskedRows(head.logits, mask), rows, "Logits");

    const places = rows.flatMap(({ tokens }, row) => tokens.map((_, at) => row * longest + at));
    const labels = head.labels.filter((_, at) => mask.flat()[at] === 1);
    const kept = labels.flatMap((label, at) => (label === UNLABELLED ? [] : [{ label, place: places[at]! }]));
    const column = (of: readonly number[]) => ({ data: BigInt64Array.from(of, BigInt), shape: [of.length, 1] });
    const session = await openProgram(runtime, model, gradientProgram(model));
    const shape = [rows.length, longest, architecture.width];
    const { outputs: { loss, gradient } } = await session.run({
      ...feeds,
      "labelled.places": column(kept.map(({ place }) => place)),
      "labelled.targets": column(kept.map(({ label }) => label)),
      scale: { data: Float32Array.of(1 / kept.length), shape: [] },
      delta: { data: new Float32Array(elementCount(shape)), shape },
    });
    const difference = Math.abs((loss!.data as Float32Array)[0]! - head.loss);
    assert.ok(difference <= tolerance, `The losses differ by ${difference}`);
    assertRows(gradient!, unmaskedRows(gradients.get(0)!, mask), rows, "Gradients");
  });
}

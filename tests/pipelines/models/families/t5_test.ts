import assert from "node:assert/strict";
import { gradients } from "../../../../ops/passes/autodiff.ts";
import { elementCount } from "../../../../ops/program/dimension.ts";
import { rowsAt } from "../../../../ops/nn/loss.ts";
import { input, parameter, type Program, type Value } from "../../../../ops/program/program.ts";
import { simplify } from "../../../../ops/passes/simplify.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { activationsProgram, hiddenStateName } from "../../../../pipelines/compile/programs/activations_program.ts";
import type { Feeds } from "../../../../pipelines/common/host_tensor.ts";
import type { EditHook, Encoder, StackName } from "../../../../pipelines/models/architecture/architecture.ts";
import { requireLogits } from "../../../../pipelines/models/architecture/heads.ts";
import { runFeeds, runInputs } from "../../../../pipelines/models/architecture/model_inputs.ts";
import { type HostTensor, Runtime } from "../../../../pipelines/runtime/runtime.ts";
import * as o from "../../../../ops/operators.ts";
import { type GoldenStack, readFamilyGolden, UNLABELLED, unmaskedRows } from "./families_golden.ts";
import { type FolderModel, largestDifference, openFolder, openProgram, weightsOf } from "../support_forward.ts";

const tolerance = 1e-4;

/** Each row's own tokens, whichever side it is padded on. */
const ownTokens = ({ tokens, mask }: GoldenStack) =>
  tokens.map((row, index) => row.filter((_, at) => mask[index]![at] === 1));
const longest = (rows: readonly (readonly number[])[]) => Math.max(...rows.map(({ length }) => length));

function assertRows(found: HostTensor, expected: readonly Float32Array[], what: string): void {
  const [, length = 0, width = 0] = found.shape;
  expected.forEach((numbers, row) => {
    const own = (found.data as Float32Array).subarray(row * length * width, row * length * width + numbers.length);
    const difference = largestDifference(own, numbers);
    assert.ok(difference <= tolerance, `${what} of row ${row} differ by ${difference}`);
  });
}

/** The loss and its gradients with respect to the output of each stack's first block. */
function gradientProgram(model: FolderModel): Program {
  const { architecture } = model, encoder = architecture.encoder as Encoder, weights = weightsOf(model);
  const deltas: Record<StackName, Value> = {
    encoder: parameter("encoder.delta", ["batch", "context", encoder.width]),
    decoder: parameter("decoder.delta", ["batch", "tail", architecture.width]),
  };
  const edit: EditHook = ({ stack, block, name }, hidden) =>
    block === 0 && name === "block.output" ? o.add(hidden, deltas[stack!]) : hidden;
  const context = runInputs(encoder, { name: "context", batch: "batch", seen: "batch" });
  const read = encoder.forward({ ...context, edit }, weights).hiddenStates[encoder.blocks]!;
  const encoded = { hidden: encoder.finish(read, weights) };
  const tail = runInputs(architecture, { name: "tail", batch: "batch", seen: 1, encoded: "context" });
  const { hiddenStates } = architecture.forward({ ...tail, encoded, edit }, weights);
  const places = input("labelled.indices", ["labelled", 1], "int64");
  const logits = requireLogits(architecture)(rowsAt(hiddenStates[architecture.blocks]!, places), weights);
  const losses = o.crossEntropy(logits, input("labelled.targets", ["labelled", 1], "int64"));
  const loss = o.reduceSum(o.mul(losses, input("scale", [])), [0, 1]);
  const [ofEncoder, ofDecoder] = gradients(loss, [deltas.encoder, deltas.decoder]);
  return simplify({ name: "gradient", outputs: { loss, encoder: ofEncoder!, decoder: ofDecoder! } });
}

for (const name of ["t5", "t5-gated"]) {
  Deno.test(`both stacks' hidden states, logits and gradients match transformers: ${name}`, async () => {
    const golden = await readFamilyGolden(name), model = await openFolder(golden.folder), { architecture } = model;
    const { stack, head } = golden, decoder = golden.decoder!, encoder = architecture.encoder!;
    const contexts = ownTokens(stack), tails = ownTokens(decoder), [context, tail] = [contexts, tails].map(longest);
    const fromStart = (tokens: readonly number[]) => ({ tokens, start: 0 });
    const feeds: Feeds = {
      ...runFeeds("context", encoder, { rows: contexts.map(fromStart), length: context! }),
      ...runFeeds("tail", architecture, {
        rows: tails.map(fromStart),
        length: tail!,
        encoded: { width: context!, filled: contexts.map(({ length }) => length) },
      }),
    };
    using runtime = new Runtime({ threads: 1 });

    const program = activationsProgram({
      architecture,
      layout: wholeRows(architecture, []),
      weights: weightsOf(model),
      sites: [],
      hiddenStates: true,
      logits: true,
    });
    const { outputs } = await (await openProgram(runtime, model, program)).run(feeds);
    for (const [which, { mask, hiddenStates }] of [["encoder", stack], ["decoder", decoder]] as const) {
      hiddenStates.forEach((state, index) => {
        const found = outputs[hiddenStateName(index, which)]!;
        assertRows(found, unmaskedRows(state, mask), `Hidden states ${index} of the ${which}`);
      });
    }
    assertRows(outputs["logits"]!, unmaskedRows(head!.logits, decoder.mask), "Logits");

    const places = tails.flatMap((tokens, row) => tokens.map((_, at) => row * tail! + at));
    const labels = head!.labels.filter((_, at) => decoder.mask.flat()[at] === 1);
    const kept = labels.flatMap((label, at) => (label === UNLABELLED ? [] : [{ label, place: places[at]! }]));
    const column = (of: readonly number[]) => ({ data: BigInt64Array.from(of, BigInt), shape: [of.length, 1] });
    const zeros = (length: number): HostTensor => {
      const shape = [contexts.length, length, architecture.width];
      return { data: new Float32Array(elementCount(shape)), shape };
    };
    const { outputs: found } = await (await openProgram(runtime, model, gradientProgram(model))).run({
      ...feeds,
      "labelled.indices": column(kept.map(({ place }) => place)),
      "labelled.targets": column(kept.map(({ label }) => label)),
      scale: { data: Float32Array.of(1 / kept.length), shape: [] },
      "encoder.delta": zeros(context!),
      "decoder.delta": zeros(tail!),
    });
    const difference = Math.abs(Number(found["loss"]!.data[0]) - head!.loss);
    assert.ok(difference <= tolerance, `The losses differ by ${difference}`);
    assertRows(found["encoder"]!, unmaskedRows(stack.gradients.get(0)!, stack.mask), "Gradients of the encoder");
    assertRows(found["decoder"]!, unmaskedRows(decoder.gradients.get(0)!, decoder.mask), "Gradients of the decoder");
  });
}

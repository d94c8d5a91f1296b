import assert from "node:assert/strict";
import type { AdapterOptions } from "../../../ops/adapters/adapter.ts";
import { type AdapterName, adapters } from "../../../ops/adapters/mod.ts";
import { linear } from "../../../ops/nn/linear.ts";
import { constant, input, parameter, type Program, type Value, valuesOf } from "../../../ops/program/program.ts";
import { substitute } from "../../../ops/passes/rewrite.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { multiply, transposeOf } from "../matrix.ts";
import { type Environment, interpret } from "../reference.ts";
import { assertClose, assertGradients, drawLeaves, emitFor, runOn, weighted } from "../support.ts";
import { at, build, sizeOf, type Tensor } from "../tensor.ts";

const inputs = 5, outputs = 4, rank = 2;
const symbols = { batch: 2, tail: 3 };
const x = input("x", ["batch", "tail", inputs]), weight = input("weight", [outputs, inputs]);
const bias = input("bias.frozen", [outputs]);

type Tensors = Readonly<Record<string, Tensor>>;

const rowNorms = (matrix: Tensor) =>
  build([matrix.shape[0]!], ([row]) => Math.hypot(...build([inputs], ([column]) => at(matrix, [row!, column!])).data));

interface Case {
  readonly kind: AdapterName;
  readonly label: string;
  readonly options: AdapterOptions;
  readonly count: number;
  /** The channels of the adapted output of one row [1, inputs], frozen bias included. */
  readonly formula: (row: Tensor, tensors: Tensors) => (channel: number) => number;
}

const plain = { rank, scaling: 1.5, scalesInput: false };
const product = (row: Tensor, { weight }: Tensors) => multiply(row, transposeOf(weight!));

const cases: readonly Case[] = [
  {
    kind: "lora",
    label: "lora",
    options: plain,
    count: rank * (inputs + outputs),
    formula(row, tensors) {
      const { lora_A, lora_B } = tensors;
      const change = multiply(multiply(row, transposeOf(lora_A!)), transposeOf(lora_B!)), base = product(row, tensors);
      return (channel) => base.data[channel]! + tensors["bias.frozen"]!.data[channel]! + 1.5 * change.data[channel]!;
    },
  },
  {
    kind: "dora",
    label: "dora",
    options: plain,
    count: rank * (inputs + outputs) + outputs,
    formula(row, tensors) {
      const { lora_A, lora_B, weight, magnitude } = tensors;
      const delta = multiply(lora_B!, lora_A!);
      const whole = build(weight!.shape, (place) => at(weight!, place) + 1.5 * at(delta, place));
      const adapted = multiply(row, transposeOf(whole)), norms = rowNorms(whole);
      return (channel) => {
        const stretched = magnitude!.data[channel]! / norms.data[channel]! * adapted.data[channel]!;
        return stretched + tensors["bias.frozen"]!.data[channel]!;
      };
    },
  },
  {
    kind: "ia3",
    label: "ia3 on a projection's output",
    options: plain,
    count: outputs,
    formula(row, tensors) {
      const base = product(row, tensors);
      return (channel) =>
        (base.data[channel]! + tensors["bias.frozen"]!.data[channel]!) * tensors["scale"]!.data[channel]!;
    },
  },
  {
    kind: "ia3",
    label: "ia3 on a projection's input",
    options: { ...plain, scalesInput: true },
    count: inputs,
    formula(row, tensors) {
      const scaled = build([1, inputs], ([, at]) => row.data[at!]! * tensors["scale"]!.data[at!]!);
      const base = product(scaled, tensors);
      return (channel) => base.data[channel]! + tensors["bias.frozen"]!.data[channel]!;
    },
  },
  {
    kind: "bitfit",
    label: "bitfit",
    options: plain,
    count: outputs,
    formula(row, tensors) {
      const base = product(row, tensors);
      return (channel) =>
        base.data[channel]! + tensors["bias.frozen"]!.data[channel]! + tensors["bias"]!.data[channel]!;
    },
  },
];

const rolesOf = ({ kind, options }: Case) => adapters[kind].tensors({ inputs, outputs }, options);

function adapted(each: Case): Value {
  const tensors = Object.entries(rolesOf(each)).map(([name, { shape }]) => [name, parameter(name, shape)] as const);
  const output = linear(x, weight, bias), projection = { input: x, weight, bias, output };
  return adapters[each.kind].adapt(output, projection, Object.fromEntries(tensors), each.options);
}

const programOf = (value: Value): Program => verify({ name: "adapter", outputs: { value } });

function expectedOf({ formula }: Case, leaves: Tensors): Tensor {
  return build([symbols.batch, symbols.tail, outputs], ([batch, token, channel]) => {
    const row = build([1, inputs], ([, column]) => at(leaves["x"]!, [batch!, token!, column!]));
    return formula(row, leaves)(channel!);
  });
}

/** A value with the detached values below it replaced by constants of their computed numbers. */
function substituteDetached(value: Value, run: Environment): Value {
  const detached = valuesOf(programOf(value)).filter(({ op }) => op === "detach");
  const numbers = detached.map((each): [Value, Value] => {
    const { found } = interpret({ name: "detached", outputs: { found: each } }, run);
    return [each, constant([...found!.data], each.shape as number[])];
  });
  return substitute(programOf(value), new Map(numbers)).outputs["value"] as Value;
}

for (const each of cases) {
  Deno.test(`${each.label} matches its formula`, () => {
    const value = adapted(each), run = drawLeaves([value], symbols, {}, 1);
    assertClose(interpret(programOf(value), run)["value"]!, expectedOf(each, run.leaves), 1e-12, each.label);
  });

  Deno.test(`${each.label} has the gradients of finite differences`, () => {
    // DoRA's gradient treats the row norms as constants, so constants replace them.
    const loss = weighted(substituteDetached(adapted(each), drawLeaves([adapted(each)], symbols, {}, 2)));
    assertGradients(loss, drawLeaves([loss], symbols, {}, 2));
  });

  Deno.test(`${each.label} initially equals the frozen projection`, () => {
    const value = adapted(each), run = drawLeaves([value], symbols, {}, 3), roles = Object.entries(rolesOf(each));
    assert.equal(roles.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0), each.count);
    const starts = roles.map(([name, { shape, start }]): [string, Tensor] => {
      if (start === "rowNorms") return [name, rowNorms(run.leaves["weight"]!)];
      return [name, start === "linear" ? run.leaves[name]! : build(shape, () => (start === "one" ? 1 : 0))];
    });
    const leaves = { ...run.leaves, ...Object.fromEntries(starts) };
    const frozen = interpret(programOf(linear(x, weight, bias)), { symbols, leaves })["value"]!;
    assertClose(interpret(programOf(value), { symbols, leaves })["value"]!, frozen, 1e-12, each.label);
  });
}

/** With dropout, an adapter adds the change of the dropped-out x to the frozen projection of x. */
for (const each of cases.filter(({ kind }) => kind === "lora" || kind === "dora")) {
  Deno.test(`${each.label} with dropout computes its change from the dropped-out input`, () => {
    const left = input("left", ["batch", "tail", inputs]);
    const tensors = Object.fromEntries(
      Object.entries(rolesOf(each)).map(([name, { shape }]) => [name, parameter(name, shape)] as const),
    );
    const output = linear(x, weight, bias);
    const value = adapters[each.kind].adapt(
      output,
      { input: x, weight, bias, output, dropped: left },
      tensors,
      each.options,
    );
    const run = drawLeaves([value], symbols, {}, 5);
    const base = (rows: Tensor) =>
      interpret(programOf(linear(x, weight, bias)), { symbols, leaves: { ...run.leaves, x: rows } })["value"]!;
    const whole = base(run.leaves["x"]!), ofLeft = base(run.leaves["left"]!);
    const adaptedLeft = expectedOf(each, { ...run.leaves, x: run.leaves["left"]! });
    const expected = build(whole.shape, (place) => at(whole, place) + at(adaptedLeft, place) - at(ofLeft, place));
    assertClose(interpret(programOf(value), run)["value"]!, expected, 1e-12, each.label);
    const loss = weighted(substituteDetached(value, run));
    assertGradients(loss, drawLeaves([loss], symbols, {}, 5));
  });
}

Deno.test("adapters in the runtime match their formulas", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  for (const each of cases) {
    await t.step(each.label, async () => {
      const value = adapted(each), run = drawLeaves([value], symbols, {}, 4);
      const session = await runtime.open(emitFor("cpu", programOf(value)));
      assertClose((await runOn(session, run))["value"]!, expectedOf(each, run.leaves), 1e-5, each.label);
      await session.close();
    });
  }
});

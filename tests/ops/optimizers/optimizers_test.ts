/** Optimizers compared with reference implementations, whose steps goldens/make_optimizers.py records. */
import assert from "node:assert/strict";
import { optimizerOf } from "../../../ops/optimizers/mod.ts";
import type { Optimizer } from "../../../ops/optimizers/optimizer.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { input, parameter, type Program } from "../../../ops/program/program.ts";
import { mapRecord } from "../../../pipelines/common/map_record.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { type Environment, interpret } from "../reference.ts";
import { emitFor, relativeError, runOn } from "../support.ts";
import { type Tensor, tensor } from "../tensor.ts";
import golden from "../../goldens/optimizers.json" with { type: "json" };

type ShapeName = keyof typeof golden.shapes;
const shapeNames = Object.keys(golden.shapes) as ShapeName[];

/** An optimizer with the settings common to all. */
interface Case {
  readonly optimizer: Optimizer;
  readonly learningRate?: number;
  readonly weightDecay?: number;
}

const usual = {
  scaleParameter: true,
  warmupInit: false,
  decayRate: -0.8,
  clipThreshold: 1,
  epsilon: 1e-30,
  scaleEpsilon: 1e-3,
};
const fixed = { ...usual, learningRate: 1e-2 };
const cases: Readonly<Record<keyof typeof golden.after, Case>> = {
  "sgd": { optimizer: optimizerOf("sgd", { momentum: 0, nesterov: false }), learningRate: 0.05 },
  "sgd with momentum": {
    optimizer: optimizerOf("sgd", { momentum: 0.9, nesterov: false }),
    learningRate: 0.05,
    weightDecay: 0.1,
  },
  "sgd with Nesterov's momentum": {
    optimizer: optimizerOf("sgd", { momentum: 0.8, nesterov: true }),
    learningRate: 0.05,
    weightDecay: 0.1,
  },
  "lion": { optimizer: optimizerOf("lion", { beta1: 0.9, beta2: 0.99 }), learningRate: 1e-2 },
  "lion with decay": {
    optimizer: optimizerOf("lion", { beta1: 0.95, beta2: 0.98 }),
    learningRate: 1e-2,
    weightDecay: 0.5,
  },
  "adafactor": { optimizer: optimizerOf("adafactor", usual) },
  "adafactor that warms up": { optimizer: optimizerOf("adafactor", { ...usual, warmupInit: true }) },
  "adafactor without scale": {
    optimizer: optimizerOf("adafactor", { ...usual, scaleParameter: false }),
    weightDecay: 0.1,
  },
  "adafactor at a fixed rate": {
    optimizer: optimizerOf("adafactor", { ...fixed, scaleParameter: false }),
    learningRate: 1e-2,
  },
  "adafactor with a moment": {
    optimizer: optimizerOf("adafactor", { ...fixed, beta1: 0.9 }),
    learningRate: 1e-2,
    weightDecay: 0.1,
  },
  "adafactor with other settings": {
    optimizer: optimizerOf("adafactor", {
      ...fixed,
      clipThreshold: 0.5,
      decayRate: -0.5,
      epsilon: 1e-8,
      scaleEpsilon: 0.7,
    }),
    learningRate: 1e-2,
  },
};

type Run = (environment: Environment) => Promise<Readonly<Record<string, Tensor>>>;

/** Numbers rounded to float32. */
const singles = (numbers: readonly number[]) => numbers.map(Math.fround);

function renamed<T>(record: Readonly<Record<string, T>>, as: (name: string) => string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [as(name), value]));
}

/** A parameter after each step. */
async function walk(
  { optimizer, learningRate = 1, weightDecay = 0 }: Case,
  name: ShapeName,
  open: (program: Program) => Promise<Run>,
) {
  const shape = golden.shapes[name], number = (of: string) => input(of, []), initial = optimizer.init(shape);
  const next = optimizer.update(
    { value: parameter("value", shape), state: mapRecord(initial, (shape, part) => input(part, shape)) },
    input("gradient", shape),
    {
      learningRate: number("learningRate"),
      weightDecay: number("weightDecay"),
      count: number("count"),
      settings: mapRecord(optimizer.settings, (_, name) => number(`step.${name}`)),
    },
  );
  const program = verify({
    name: optimizer.form,
    outputs: renamed({ value: next.value, ...next.state }, (name) => `next.${name}`),
  });
  const run = await open(program);
  let state: Readonly<Record<string, Tensor>> = {
    value: tensor(shape, singles(golden.start[name])),
    ...mapRecord(initial, (shape) => tensor(shape, new Float64Array(shape.reduce((all, each) => all * each, 1)))),
  };
  const values: Tensor[] = [];
  for (const [at, gradients] of golden.gradients.entries()) {
    const numbers = { learningRate, weightDecay, count: at + 1 };
    const own = Object.entries(optimizer.settings).map(([name, value]) => [`step.${name}`, value] as const);
    const fed = mapRecord<string, number, Tensor>({ ...numbers, ...Object.fromEntries(own) }, (value) => {
      return tensor([], [value]);
    });
    const stepped = await run({
      symbols: {},
      leaves: { ...state, gradient: tensor(shape, singles(gradients[name])), ...fed },
    });
    state = renamed(stepped, (name) => name.slice("next.".length));
    values.push(state["value"]!);
  }
  return values;
}

for (const [name, each] of Object.entries(cases) as [keyof typeof cases, Case][]) {
  Deno.test(`${name} takes the steps of its reference`, async () => {
    using runtime = new Runtime({ threads: 1 });
    const inRuntime = (provider: "cpu" | "webgpu") => async (program: Program): Promise<Run> => {
      const session = await runtime.open(emitFor(provider, program));
      return (environment) => runOn(session, environment);
    };
    const inDoubles = (program: Program): Promise<Run> =>
      Promise.resolve((environment) => Promise.resolve(interpret(program, environment)));
    const runs = [
      ["in double precision", inDoubles, 1e-10],
      ["in the runtime", inRuntime("cpu"), 1e-6],
      ["as emitted for webgpu", inRuntime("webgpu"), 1e-6],
    ] as const;
    for (const [where, open, tolerance] of runs) {
      for (const shape of shapeNames) {
        const values = await walk(each, shape, open);
        for (const [step, after] of Object.entries(golden.after[name])) {
          const expected = tensor(golden.shapes[shape], after[shape]);
          const error = relativeError(values[Number(step) - 1]!, expected);
          assert.ok(error <= tolerance, `${shape} after step ${step} ${where} is off by ${error}`);
        }
      }
    }
  });
}

Deno.test("an optimizer refuses settings that contradict each other", () => {
  assert.throws(
    () => optimizerOf("sgd", { momentum: 0, nesterov: true }),
    /nesterov needs momentum, but it is 0/,
  );
  assert.throws(
    () => optimizerOf("adafactor", { ...fixed, warmupInit: true }),
    /warmupInit applies only to relative steps/,
  );
});

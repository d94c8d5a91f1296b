import assert from "node:assert/strict";
import { adamw } from "../../../ops/optimizers/adamw.ts";
import { input, parameter, type Program } from "../../../ops/program/program.ts";
import { mapRecord } from "../../../pipelines/common/map_record.ts";
import { createRandom } from "../../../pipelines/data/random.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { type Environment, interpret } from "../reference.ts";
import { emitFor, relativeError, runOn } from "../support.ts";
import { type Tensor, tensor } from "../tensor.ts";

interface Settings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

interface State {
  readonly value: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
}

const shape = [3, 4], steps = 50;
const number = (name: string) => input(name, []);

const { update, settings: ownSettings } = adamw({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
const next = update(
  { value: parameter("value", shape), state: { first: input("first", shape), second: input("second", shape) } },
  input("gradient", shape),
  {
    learningRate: number("learningRate"),
    weightDecay: number("weightDecay"),
    count: number("count"),
    settings: mapRecord(ownSettings, (_, name) => number(name)),
  },
);

const program: Program = {
  name: "adamw",
  outputs: { "next.value": next.value, "next.first": next.state.first, "next.second": next.state.second },
};

/** One step as `torch.optim.AdamW` takes it (`_single_tensor_adamw`), in double precision. */
function torchStep(state: State, gradient: Tensor, settings: Settings, count: number): State {
  const { learningRate, weightDecay, beta1, beta2, epsilon } = settings;
  const first = state.first.data.map((m, at) => m + (gradient.data[at]! - m) * (1 - beta1));
  const second = state.second.data.map((v, at) => v * beta2 + (1 - beta2) * gradient.data[at]! ** 2);
  const stepSize = learningRate / (1 - beta1 ** count), root = Math.sqrt(1 - beta2 ** count);
  const value = state.value.data.map((x, at) =>
    x * (1 - learningRate * weightDecay) - stepSize * first[at]! / (Math.sqrt(second[at]!) / root + epsilon)
  );
  return {
    value: { shape, data: value },
    first: { shape, data: first },
    second: { shape, data: second },
  };
}

function drawn(name: string, scale: number): Tensor {
  const random = createRandom(1, name);
  return tensor(shape, Array.from({ length: 12 }, () => Math.fround(scale * random.normal())));
}

const start: State = {
  value: drawn("value", 0.5),
  first: tensor(shape, new Float64Array(12)),
  second: tensor(shape, new Float64Array(12)),
};

/** Gradients of very different sizes, now and then zero. */
const gradientAt = (step: number) =>
  step % 7 === 3 ? tensor(shape, new Float64Array(12)) : drawn(`gradient ${step}`, 10 ** (step % 5 - 3));

function environment(state: State, gradient: Tensor, settings: Settings, count: number): Environment {
  const numbers = Object.entries({ ...settings, count }).map(([name, value]) => [name, tensor([], [value])] as const);
  return { symbols: {}, leaves: { ...state, gradient, ...Object.fromEntries(numbers) } };
}

const stateOf = (results: Record<string, Tensor>): State => ({
  value: results["next.value"]!,
  first: results["next.first"]!,
  second: results["next.second"]!,
});

function assertNear(found: State, expected: State, tolerances: Record<keyof State, number>, what: string): void {
  for (const name of ["value", "first", "second"] as const) {
    const error = relativeError(found[name], expected[name]);
    assert.ok(error <= tolerances[name], `${what}: ${name} is off by ${error}`);
  }
}

const exact = { value: 1e-12, first: 1e-12, second: 1e-12 };
/** In float32, 1 − 0.999 is rounded by 1e-5 of it, which scales the second moment and its bias correction alike. */
const single = { value: 2e-6, first: 1e-6, second: 2e-5 };

const usual: Settings = { learningRate: 1e-2, weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const variants: Record<string, Settings> = {
  "torch's defaults": usual,
  "weight decay": { ...usual, weightDecay: 0.1 },
  "a large epsilon": { ...usual, epsilon: 1e-2 },
  "other betas": { ...usual, beta1: 0.5, beta2: 0.95 },
  "no first moment": { ...usual, beta1: 0 },
};

for (const [name, settings] of Object.entries(variants)) {
  Deno.test(`adamw() takes torch's steps with ${name}`, () => {
    let found = start, expected = start;
    for (let count = 1; count <= steps; count++) {
      const gradient = gradientAt(count);
      found = stateOf(interpret(program, environment(found, gradient, settings, count)));
      expected = torchStep(expected, gradient, settings, count);
      assertNear(found, expected, exact, `step ${count}`);
    }
  });
}

Deno.test("adamw() takes torch's steps in the runtime", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  for (const provider of ["cpu", "webgpu"] as const) {
    const session = await runtime.open(emitFor(provider, program));
    for (const [name, settings] of Object.entries(variants)) {
      await t.step(`${name}, as emitted for ${provider}`, async () => {
        let found = start, expected = start;
        for (let count = 1; count <= steps; count++) {
          const gradient = gradientAt(count);
          found = stateOf(await runOn(session, environment(found, gradient, settings, count)));
          expected = torchStep(expected, gradient, settings, count);
          assertNear(found, expected, single, `step ${count}`);
        }
      });
    }
    await t.step(`bias correction late in a run, as emitted for ${provider}`, async () => {
      for (const count of [1, 2, 10, 1000, 100_000, 10_000_000]) {
        const state = { ...start, second: tensor(shape, new Float64Array(12).fill(0.25)) };
        const gradient = drawn("gradient", 1);
        const found = stateOf(await runOn(session, environment(state, gradient, usual, count)));
        assertNear(found, torchStep(state, gradient, usual, count), single, `step ${count}`);
      }
    });
    await session.close();
  }
});

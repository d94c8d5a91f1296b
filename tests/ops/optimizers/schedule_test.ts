import assert from "node:assert/strict";
import { type Schedule, schedules, warmupStepsOf } from "../../../ops/optimizers/schedule.ts";
import { input, type Program } from "../../../ops/program/program.ts";
import { scalarOf } from "../../../ops/passes/scalars.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { type Environment, interpret } from "../reference.ts";
import { assertClose, emitFor, runOn } from "../support.ts";
import { tensor } from "../tensor.ts";
import golden from "../../goldens/schedules.json" with { type: "json" };

/** The settings of a schedule apart from its warm-up. */
interface Case {
  readonly power?: number;
  readonly end?: number;
  readonly runs: readonly { readonly warmupSteps: number; readonly totalSteps: number; readonly factors: number[] }[];
}

const cases: Readonly<Record<string, Case>> = golden;
const scheduleOf = (name: string) => schedules[name.split(" ")[0] as keyof typeof schedules];

function programOf(schedule: Schedule): Program {
  const number = (name: string) => input(name, []);
  const factor = schedule({
    step: number("step"),
    warmupSteps: number("warmupSteps"),
    totalSteps: number("totalSteps"),
    power: number("power"),
    end: number("end"),
  });
  return verify({ name: "schedule", outputs: { factor } });
}

function environment(progress: Record<string, number>): Environment {
  const leaves = Object.fromEntries(Object.entries(progress).map(([name, value]) => [name, tensor([], [value])]));
  return { symbols: {}, leaves };
}

Deno.test("schedules match those of transformers at every step", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  assert.deepEqual(new Set(Object.keys(cases).map((name) => name.split(" ")[0])), new Set(Object.keys(schedules)));
  for (const [name, { power = 1, end = 0, runs }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const program = programOf(scheduleOf(name)), session = await runtime.open(emitFor("cpu", program));
      for (const { warmupSteps, totalSteps, factors } of runs) {
        for (const [step, factor] of factors.entries()) {
          const at = environment({ step, warmupSteps, totalSteps, power, end }), expected = tensor([], [factor]);
          const what = `step ${step} of ${totalSteps} with ${warmupSteps} to warm up`;
          assertClose(interpret(program, at)["factor"]!, expected, 1e-11, what);
          assertClose((await runOn(session, at))["factor"]!, expected, 1e-7, what);
          const run = { step, warmupSteps, totalSteps, power, end };
          const byHost = scalarOf(program.outputs["factor"]!, new Map(Object.entries(run)));
          assertClose(tensor([], [byHost]), expected, 1e-11, `${what} by the host`);
        }
      }
      await session.close();
    });
  }
});

Deno.test("warmupStepsOf() rounds a share of the steps up, as transformers' Trainer does", () => {
  const cases = [[0, 10, 0], [0.1, 24, 3], [0.1, 30, 3], [0.06, 16, 1], [0.07, 100, 8], [1e-9, 5, 1], [
    1,
    7,
    7,
  ]] as const;
  for (const [share, totalSteps, expected] of cases) {
    assert.equal(warmupStepsOf({ warmup: share }, totalSteps), expected, `${share} of ${totalSteps}`);
  }
  assert.equal(warmupStepsOf({ warmup: 0, warmupSteps: 5 }, 12), 5);
});

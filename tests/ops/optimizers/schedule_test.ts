import assert from "node:assert/strict";
import { type Schedule, schedules, warmupStepsOf } from "../../../ops/optimizers/schedule.ts";
import { input, type Program } from "../../../ops/program/program.ts";
import { scalarOf } from "../../../ops/passes/scalars.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { type Environment, interpret } from "../reference.ts";
import { assertClose, emitFor, runOn } from "../support.ts";
import { tensor } from "../tensor.ts";

type Formula = (step: number, warmupSteps: number, totalSteps: number) => number;

/** The factors of transformers' `get_constant_schedule_with_warmup`, `get_cosine_schedule_with_warmup` and the like. */
const formulas: Record<keyof typeof schedules, Formula> = {
  constant: (step, warmup) => step < warmup ? step / Math.max(1, warmup) : 1,
  cosine: (step, warmup, total) =>
    step < warmup
      ? step / Math.max(1, warmup)
      : Math.max(0, 0.5 * (1 + Math.cos(Math.PI * (step - warmup) / Math.max(1, total - warmup)))),
  inverseSqrt: (step, warmup) => {
    const timescale = warmup || 10_000;
    return step < warmup ? step / Math.max(1, warmup) : 1 / Math.sqrt((step + timescale - warmup) / timescale);
  },
  linear: (step, warmup, total) =>
    step < warmup ? step / Math.max(1, warmup) : Math.max(0, (total - step) / Math.max(1, total - warmup)),
};

const lengths = [[0, 12], [1, 12], [3, 12], [12, 12], [0, 1], [1, 1], [5, 3], [4, 40]] as const;

function* runs(): Generator<{ step: number; warmupSteps: number; totalSteps: number }> {
  for (const [warmupSteps, totalSteps] of lengths) {
    for (let step = 0; step <= totalSteps + 2; step++) yield { step, warmupSteps, totalSteps };
  }
}

function programOf(schedule: Schedule): Program {
  const [step, warmupSteps, totalSteps] = ["step", "warmupSteps", "totalSteps"].map((name) => input(name, []));
  const factor = schedule({ step: step!, warmupSteps: warmupSteps!, totalSteps: totalSteps! });
  // Not every schedule reads the total.
  return verify({ name: "schedule", outputs: { factor } });
}

function environment(progress: Record<string, number>): Environment {
  const leaves = Object.fromEntries(Object.entries(progress).map(([name, value]) => [name, tensor([], [value])]));
  return { symbols: {}, leaves };
}

Deno.test("schedules are those of transformers at every step", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  for (const name of Object.keys(schedules) as (keyof typeof schedules)[]) {
    await t.step(name, async () => {
      const program = programOf(schedules[name]), session = await runtime.open(emitFor("cpu", program));
      for (const run of runs()) {
        const expected = tensor([], [formulas[name](run.step, run.warmupSteps, run.totalSteps)]);
        const what = JSON.stringify(run);
        assertClose(interpret(program, environment(run))["factor"]!, expected, 1e-15, what);
        assertClose((await runOn(session, environment(run)))["factor"]!, expected, 1e-6, what);
        const byHost = scalarOf(program.outputs["factor"]!, new Map(Object.entries(run)));
        assertClose(tensor([], [byHost]), expected, 1e-15, `${what} by the host`);
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

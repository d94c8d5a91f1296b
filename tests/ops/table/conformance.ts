/**
 * The checks of every operation of the table: its shape, its gradient against finite differences of the interpreter,
 * and its values in the runtime, as each provider's emission computes them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gradients } from "../../../ops/passes/autodiff.ts";
import { type Bindings, evaluateShape, type Shape } from "../../../ops/program/dimension.ts";
import { leafName, type Program, type Value } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { assertSuitsWebgpu } from "../model.ts";
import { interpret } from "../reference.ts";
import {
  assertClose,
  assertGradients,
  type Draw,
  drawLeaves,
  emitFor,
  leavesBelow,
  runOn,
  weighted,
} from "../support.ts";

/** One use of an operation. */
export interface OperationCase {
  readonly name: string;
  /** The operation over leaves: parameters where it has a gradient, inputs elsewhere. */
  readonly value: Value;
  readonly shape: Shape;
  /** The extents of the symbols in successive runs of one session; none by default. */
  readonly symbols?: readonly Bindings[];
  readonly draws?: Readonly<Record<string, Draw>>;
  /**
   * `zero`: the result does not vary with its operands. `refused`: asking for the gradient throws. `stepped`: rounding
   * hides the gradient from finite differences.
   */
  readonly gradient?: "zero" | "refused" | "stepped";
  /** Whether it, or its gradient, moves integers or narrow floats, which webgpu can't. */
  readonly cpuOnly?: boolean;
  /** The step of the finite differences. */
  readonly step?: number;
}

/** Something that an operation's shape rule must refuse. */
export type Refusal = readonly [name: string, build: () => Value];

/** The leaves of a case's runs. */
export const runs = ({ symbols = [{}], value, draws }: OperationCase) =>
  symbols.map((bindings, seed) => drawLeaves([weighted(value)], bindings, draws, seed));

/** The operation with its gradients, if it has any. */
export function programOf({ name, value, gradient }: OperationCase): Program {
  const outputs: Record<string, Value> = { value };
  if (gradient === undefined) {
    const loss = weighted(value), wanted = leavesBelow([loss], "parameter");
    gradients(loss, wanted).forEach((found, index) => outputs[`d ${leafName(wanted[index]!)}`] = found!);
  }
  return { name, outputs };
}

/** Registers the tests of a family of operations. */
export function conform(family: string, cases: readonly OperationCase[], refusals: readonly Refusal[]): void {
  Deno.test(`${family}: shapes are inferred, including symbols`, async (t) => {
    for (const each of cases) {
      await t.step(each.name, () => {
        verify({ name: each.name, outputs: { value: each.value, loss: weighted(each.value) } });
        assert.deepEqual(each.value.shape, each.shape);
        for (const run of runs(each)) {
          const { value } = interpret({ name: each.name, outputs: { value: each.value } }, run);
          assert.deepEqual([...value!.shape], evaluateShape(each.shape, run.symbols));
        }
      });
    }
  });

  Deno.test(`${family}: incompatible operands are refused`, async (t) => {
    for (const [name, build] of refusals) await t.step(name, () => void assert.throws(build, TypeError));
  });

  Deno.test(`${family}: gradients match finite differences`, async (t) => {
    for (const each of cases) {
      await t.step(each.name, () => {
        const loss = weighted(each.value), wanted = leavesBelow([loss], "parameter");
        assert.ok(wanted.length > 0, "the case has no parameter");
        if (each.gradient === "refused") assert.throws(() => gradients(loss, wanted), TypeError);
        else if (each.gradient === "zero") assert.deepEqual(gradients(loss, wanted), wanted.map(() => undefined));
        else if (each.gradient === undefined) {
          for (const run of runs(each).slice(0, 2)) assertGradients(loss, run, each.step);
        }
      });
    }
  });

  Deno.test(`${family}: the runtime computes the interpreter's values and gradients`, async (t) => {
    using runtime = new Runtime({ threads: 1 });
    for (const each of cases) {
      await t.step(each.name, async () => {
        const program = programOf(each);
        for (const provider of ["cpu", "webgpu"] as const) {
          const model = emitFor(provider, program);
          if (provider === "webgpu" && !each.cpuOnly) assertSuitsWebgpu(model.bytes);
          const session = await runtime.open(model);
          for (const run of runs(each)) {
            const found = await runOn(session, run), expected = interpret(program, run);
            for (const name in expected) assertClose(found[name]!, expected[name]!, 1e-5, `${provider}, ${name}`);
          }
          await session.close();
        }
      });
    }
  });
}

/**
 * Finding the operations that a provider has no kernel for.
 *
 * @module
 */
import { emitOnnx } from "../../ops/emission/emit.ts";
import { withInputs } from "../../ops/operators.ts";
import { input, type Program, type Value, valuesOf } from "../../ops/program/program.ts";
import { isOperation } from "../../ops/table/mod.ts";
import type { Provider } from "../../ops/onnx/model.ts";
import type { Runtime } from "./runtime.ts";
import { isFallbackRefusal } from "./providers.ts";

/**
 * The operations of a program that the provider would leave to the CPU, found by opening each kind of operation on its
 * own.
 *
 * @returns Each as `matmul float32[batch, tail, 64] × float32[64, 64]`.
 */
export async function unplacedOperations(program: Program, provider: Provider, runtime: Runtime): Promise<string[]> {
  const kinds = new Map<string, Value>();
  for (const value of valuesOf(program)) {
    const key = JSON.stringify([
      value.op,
      value.attributes,
      value.inputs.map(({ dtype, shape }) => [dtype, shape.length]),
    ]);
    if (isOperation(value) && !kinds.has(key)) kinds.set(key, value);
  }
  const unplaced: string[] = [];
  for (const value of kinds.values()) {
    try {
      const session = await runtime.open(emitOnnx(alone(value), provider, noWeights));
      await session.close();
    } catch (error) {
      if (!(error instanceof Error) || !isFallbackRefusal(error.message)) throw error;
      unplaced.push(`${value.op} ${value.inputs.map(describe).join(" × ")}`);
    }
  }
  return [...new Set(unplaced)];
}

function alone(value: Value): Program {
  const operands = value.inputs.map((operand, index) => {
    return operand.op === "constant" ? operand : input(`operand${index}`, operand.shape, operand.dtype);
  });
  return { name: value.op, outputs: { result: withInputs(value, operands) } };
}

function describe({ dtype, shape }: Value): string {
  return `${dtype}[${shape.join(", ")}]`;
}

function noWeights(name: string): never {
  throw new TypeError(`The weight ${name} does not belong in a program of one operation`);
}

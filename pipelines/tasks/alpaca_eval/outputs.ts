/** Outputs in AlpacaEval's format, that of `model_outputs.json`. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { Fields } from "../../data/files/raw_row.ts";

/** A model's answer to an instruction. */
interface Output {
  readonly instruction: string;
  readonly output: string;
  /** The model's name. */
  readonly generator: string;
  readonly dataset?: string;
}

/** A row as read, with its place. */
export interface OutputRow {
  readonly fields: Fields;
  readonly place: SourceLocation;
}

/**
 * Converts rows to outputs: AlpacaEval's own, or predictions of an evaluation, whose instructions are those of the
 * outputs that they are compared with, in order.
 *
 * @throws {RequestError} If a row is neither.
 */
export function outputsOf(rows: readonly OutputRow[], generator: string, beside?: readonly Output[]): Output[] {
  return rows.map(({ fields, place }, at) => {
    const { instruction = beside?.[at]?.instruction, output = fields["prediction"] } = fields;
    const { generator: own = generator, dataset = beside?.[at]?.dataset } = fields;
    const named = { instruction, output, generator: own, ...dataset === undefined ? {} : { dataset } };
    for (const [name, value] of Object.entries(named)) {
      if (typeof value === "string") continue;
      throw new RequestError(
        `the row's ${quote(name)} is ${
          value === undefined ? "missing" : "not text"
        }; a row needs an instruction and an output`,
        place,
      );
    }
    return named as Output;
  });
}

/**
 * Both models' outputs for each instruction.
 *
 * @throws {RequestError} If an instruction has no output of the other model.
 */
export function paired(outputs: readonly Output[], others: readonly Output[], path: string): Pair[] {
  const byInstruction = new Map(others.map((other) => [other.instruction, other]));
  return outputs.map((output, at) => {
    const other = byInstruction.get(output.instruction);
    if (other !== undefined) return { index: at, other, output };
    throw new RequestError(
      `row ${at + 1} has an instruction that the outputs to compare with lack: ${
        quote(output.instruction.slice(0, 60))
      }`,
      { file: path },
    );
  });
}

/** Two outputs to compare. */
export interface Pair {
  /** The instruction's index, from 0. */
  readonly index: number;
  readonly other: Output;
  readonly output: Output;
}

/** The number of characters, as counted by Python. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

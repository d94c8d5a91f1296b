/** The logits of a batch's rows, or what is known of them. @module */
import { argmax, logitsRow } from "../common/argmax.ts";
import { RequestError } from "../common/errors.ts";
import type { HostTensor } from "../runtime/runtime.ts";

/** The logits of each row's next token. */
export interface Logits {
  /** All logits of a row. They are not there if it was foreseen that only the likeliest tokens are asked for. */
  (row: number): Float32Array;
  /** The likeliest token of a row; the first on a tie. */
  likeliest(row: number): number;
  /** Whether a row has numbers: all logits are NaN if weights are, or if an edit's training diverged. */
  areNumbers(row: number): boolean;
}

/** Logits [rows, vocabulary] by row. */
export function logitsOf(logits: HostTensor): Logits {
  const at = (row: number) => logitsRow(logits, row);
  return Object.assign(at, {
    likeliest: (row: number) => argmax(at(row)),
    areNumbers: (row: number) => !Number.isNaN(at(row)[0]),
  });
}

/** Rows of which only the likeliest tokens are known. */
export function onlyLikeliest(tokens: readonly number[]): Logits {
  const absent = () => {
    throw new TypeError("Only the likeliest tokens were foreseen");
  };
  return Object.assign(absent, {
    likeliest: (row: number) => tokens[row]!,
    areNumbers: (row: number) => tokens[row]! >= 0,
  });
}

/** The logits of other rows, by the row that each of them is. */
export function ofRows(logits: Logits, rowOf: (row: number) => number): Logits {
  const at = (row: number) => logits(rowOf(row));
  return Object.assign(at, {
    likeliest: (row: number) => logits.likeliest(rowOf(row)),
    areNumbers: (row: number) => logits.areNumbers(rowOf(row)),
  });
}

/** The error for a model whose logits are NaN. */
export class NotNumbers extends RequestError {
  constructor() {
    super("the model's logits are NaN; check its weights, or train its edits with a lower learning rate");
  }
}

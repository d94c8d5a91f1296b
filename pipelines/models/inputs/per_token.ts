/** Integers for each token. @module */
import type { HostTensor } from "../../common/host_tensor.ts";
import type { RunRow, RunRows } from "./input_kind.ts";

/** One integer for each token, including padding, int64 [rows, length]. */
export function perToken(
  { rows, length }: Pick<RunRows, "rows" | "length">,
  of: (row: RunRow, at: number) => number,
): HostTensor {
  const data = new BigInt64Array(rows.length * length);
  rows.forEach((row, index) => {
    for (let at = 0; at < length; at++) data[index * length + at] = BigInt(of(row, at));
  });
  return { data, shape: [rows.length, length] };
}

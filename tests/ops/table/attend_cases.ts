import type { Shape } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Value } from "../../../ops/program/program.ts";
import type { OperationCase, Refusal } from "./conformance.ts";

const symbols = [{ batch: 2, rows: 5, past: 3, own: 4 }, { batch: 1, rows: 3, past: 1, own: 2 }];
const shape: Shape = ["batch", 2, "rows", 3];
const queries = parameter("queries", shape);
const run = (name: string, of: typeof parameter | typeof input, length: string, batch: string | number = "batch") => ({
  key: of(`${name}.key`, [batch, 2, length, 3]),
  value: of(`${name}.value`, [batch, 2, length, 3]),
});
const mask = (length: string, heads = 1): Value => input("mask", [1, heads, "rows", length]);
const plain = { scale: 0.5, softcap: 0, parts: 3 };

export const attendCases: OperationCase[] = [
  { name: "one run", value: o.attend(queries, mask("own"), [run("own", parameter, "own")], plain), shape, symbols },
  {
    name: "a frozen run before a trained one, with a softcap",
    value: o.attend(queries, mask("own+past", 2), [run("past", input, "past"), run("own", parameter, "own")], {
      ...plain,
      softcap: 1.5,
    }),
    shape,
    symbols,
  },
  {
    name: "a run shared by the batch",
    value: o.attend(
      queries,
      mask("own+past"),
      [run("past", parameter, "past", 1), run("own", parameter, "own")],
      plain,
    ),
    shape,
    symbols,
  },
  {
    name: "a frozen run alone",
    value: o.attend(queries, mask("own"), [run("own", input, "own")], plain),
    shape,
    symbols,
  },
];

const wide = { key: input("wide", ["batch", 2, "own", 4]), value: input("wide", ["batch", 2, "own", 4]) };
export const attendRefusals: Refusal[] = [
  ["no run", () => o.attend(queries, mask("own"), [], plain)],
  ["keys of another width", () => o.attend(queries, mask("own"), [wide], plain)],
  ["a mask of another length", () => o.attend(queries, mask("past"), [run("own", input, "own")], plain)],
];

/** Operations that claim to work token by token. @module */
import assert from "node:assert/strict";
import { rowsAt } from "../../../ops/nn/loss.ts";
import * as o from "../../../ops/operators.ts";
import { input, type Value } from "../../../ops/program/program.ts";
import { elementwise } from "../../../ops/table/elementwise.ts";
import { definitionOf, isOperation } from "../../../ops/table/mod.ts";
import { evaluate } from "../reference.ts";
import { assertClose, drawLeaves } from "../support.ts";
import { attendCases } from "./attend_cases.ts";
import type { OperationCase } from "./conformance.ts";
import { elementwiseCases } from "./elementwise_cases.ts";
import { indexingCases } from "./indexing_cases.ts";
import { linalgCases } from "./linalg_cases.ts";
import { movementCases } from "./movement_cases.ts";
import { reductionCases } from "./reduction_cases.ts";
import { rotaryCases } from "./rotary_cases.ts";

const cases = [
  ...attendCases,
  ...elementwiseCases,
  ...indexingCases,
  ...linalgCases,
  ...movementCases,
  ...reductionCases,
  ...rotaryCases,
];

const places = input("places of tokens", [2, 1], "int64");

/** Whether a case's operation claims to work token by token, and which operands have its tokens. */
function claimOf({ value }: OperationCase) {
  const [batch, tokens] = value.shape;
  const isOfTokens = ({ shape }: Value) => shape.length === 3 && shape[0] === batch && shape[1] === tokens;
  const holds = isOperation(value) && isOfTokens(value) && definitionOf(value.op).tokenwise(value, isOfTokens);
  return { holds, isOfTokens };
}

const hasTokens = ({ symbols = [] }: OperationCase) => symbols.every((each) => !Object.values(each).includes(0));
const claiming = cases.filter((each) => hasTokens(each) && claimOf(each).holds);

Deno.test("tokenwise operations compute the same for some tokens as for all", async (t) => {
  for (const each of claiming) {
    await t.step(each.name, () => {
      const { value, symbols = [{}], draws = {} } = each, { isOfTokens } = claimOf(each);
      const read = (x: Value) => rowsAt(x, places);
      const ofSome = o.withInputs(value, value.inputs.map((x) => isOfTokens(x) ? read(x) : x));
      const ofAll = read(value), [first = {}] = symbols;
      const environment = drawLeaves([ofAll], first, { ...draws, ["places of tokens"]: (_, row) => row });
      const [found, expected] = evaluate([ofSome, ofAll], environment);
      assertClose(found!, expected!, 1e-12, each.name);
    });
  }
});

Deno.test("every elementwise operation is computed token by token", () => {
  const claimed = new Set(claiming.map(({ value }) => value.op));
  assert.deepEqual(Object.keys(elementwise).filter((op) => !claimed.has(op)), []);
});

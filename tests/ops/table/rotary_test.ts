import assert from "node:assert/strict";
import { gradients } from "../../../ops/passes/autodiff.ts";
import { rotary } from "../../../ops/operators.ts";
import { input, parameter } from "../../../ops/program/program.ts";
import { weighted } from "../support.ts";
import { conform } from "./conformance.ts";
import { rotaryCases, rotaryRefusals } from "./rotary_cases.ts";

conform("rotary", rotaryCases, rotaryRefusals);

Deno.test("rotary refuses a gradient with respect to its angles", () => {
  const sines = parameter("sines", [1, 2, 2]);
  const loss = weighted(rotary(input("x", [1, 2, 4]), input("cosines", [1, 2, 2]), sines, 1));
  assert.throws(() => gradients(loss, [sines]), TypeError);
});

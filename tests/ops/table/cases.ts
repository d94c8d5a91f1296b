/** The conformance cases of all families except quantization, whose codes are in files. @module */
import { attendCases } from "./attend_cases.ts";
import type { OperationCase } from "./conformance.ts";
import { elementwiseCases } from "./elementwise_cases.ts";
import { indexingCases } from "./indexing_cases.ts";
import { linalgCases } from "./linalg_cases.ts";
import { movementCases } from "./movement_cases.ts";
import { reductionCases } from "./reduction_cases.ts";
import { rotaryCases } from "./rotary_cases.ts";

/** A use of every operation; `mod_test.ts` checks that none is missing. */
export const cases: readonly OperationCase[] = [
  ...attendCases,
  ...elementwiseCases,
  ...indexingCases,
  ...linalgCases,
  ...movementCases,
  ...reductionCases,
  ...rotaryCases,
];

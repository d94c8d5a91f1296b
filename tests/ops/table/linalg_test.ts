import { conform } from "./conformance.ts";
import { linalgCases, linalgRefusals } from "./linalg_cases.ts";

conform("linalg", linalgCases, linalgRefusals);

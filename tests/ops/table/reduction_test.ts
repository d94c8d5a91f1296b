import { conform } from "./conformance.ts";
import { reductionCases, reductionRefusals } from "./reduction_cases.ts";

conform("reduction", reductionCases, reductionRefusals);

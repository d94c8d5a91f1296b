import { attendCases, attendRefusals } from "./attend_cases.ts";
import { conform } from "./conformance.ts";

conform("attend", attendCases, attendRefusals);

import { conform } from "./conformance.ts";
import { movementCases, movementRefusals } from "./movement_cases.ts";

conform("movement", movementCases, movementRefusals);

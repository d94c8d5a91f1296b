import { conform } from "./conformance.ts";
import { elementwiseCases, elementwiseRefusals } from "./elementwise_cases.ts";

conform("elementwise", elementwiseCases, elementwiseRefusals);

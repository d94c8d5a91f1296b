/** What is measured, as it is declared. @module */
export type { MetricSpec } from "../metrics/declared.ts";

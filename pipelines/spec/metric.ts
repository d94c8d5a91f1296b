/** Metrics, as declared. @module */
export type { MetricSpec } from "../metrics/declared.ts";

/** What is measured, as it is declared. @module */
import type { MetricName } from "../metrics/mod.ts";

/** A number computed from an evaluation's predictions. */
export type MetricSpec = { readonly kind: MetricName };

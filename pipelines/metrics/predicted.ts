/** What a model predicted of an evaluation's rows. @module */
import type { HeadPrediction, MeasuredRow } from "./prediction.ts";

/** What a model predicted of an evaluation's rows. */
export type Predicted =
  | { readonly kind: "texts"; readonly rows: readonly MeasuredRow[] }
  | {
    readonly kind: "classes";
    readonly rows: readonly HeadPrediction[];
    /** The classes' names, by their ids. */
    readonly labels: readonly string[];
  }
  | { readonly kind: "numbers"; readonly rows: readonly HeadPrediction[] }
  | { readonly kind: "pairs"; readonly rows: readonly MeasuredRow[] };

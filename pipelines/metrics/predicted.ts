/** A model's predictions for an evaluation's rows. @module */
import type { RowList } from "../common/row_list.ts";
import type { HeadPrediction, MeasuredRow } from "./prediction.ts";

/** A model's predictions for an evaluation's rows. */
export type Predicted =
  | { readonly kind: "texts"; readonly rows: RowList<MeasuredRow> }
  | {
    readonly kind: "classes";
    readonly rows: RowList<HeadPrediction>;
    /** The classes' names, by their ids. */
    readonly labels: readonly string[];
  }
  | { readonly kind: "numbers"; readonly rows: RowList<HeadPrediction> }
  | { readonly kind: "pairs"; readonly rows: RowList<MeasuredRow> };

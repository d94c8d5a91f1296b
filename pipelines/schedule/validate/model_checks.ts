/** Checks of models and of data sets. @module */
import { among, anything, type Check, type Fields, isText, leaf, oneOf, optional, text } from "../../common/checks.ts";
import { mapRecord } from "../../common/map_record.ts";
import type { Dataset, Source } from "../../data/dataset.ts";
import { sourceKinds } from "../../data/source_kinds.ts";
import { codeTypeOf } from "../../models/weights/quantization.ts";
import type * as spec from "../../spec/mod.ts";
import { adaptation } from "./adaptation_checks.ts";

/** A model. */
export const model = {
  base: among("a base model, as in baseModel(…)", {
    baseModel: {
      source: leaf("a Hugging Face id, a folder, a .gguf file or builtin:NAME", isText),
      revision: optional(text),
      quantize: optional(oneOf(Object.keys(codeTypeOf))),
    } satisfies Fields<spec.BaseModelSpec>,
  }),
  edits: (value, name) => Array.isArray(value) && value.forEach((item) => adaptation(item, `an argument of ${name}`)),
} satisfies Fields<spec.ModelSpec>;

/** A data set. */
export const dataset: Check = among("rows, as in jsonl(…), tsv(…), records(…) or chat(…)", {
  ...mapRecord(sourceKinds, ({ settings }) => settings),
  ...{
    take: { of: (value, name) => dataset(value, name), count: anything },
    skip: { of: (value, name) => dataset(value, name), count: anything },
    split: { of: (value, name) => dataset(value, name), part: anything, test: anything, seed: anything },
  } satisfies { [K in Exclude<Dataset, Source>["kind"]]: Fields<Extract<Dataset, { kind: K }>> },
});

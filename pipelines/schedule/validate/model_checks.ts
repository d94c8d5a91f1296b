/** Checks of models and of data sets. @module */
import {
  among,
  type Check,
  type Fields,
  isRecord,
  isText,
  leaf,
  oneOf,
  optional,
  record,
  text,
} from "../../common/checks.ts";
import { mapRecord } from "../../common/map_record.ts";
import { sourceKinds } from "../../data/source_kinds.ts";
import { viewKinds } from "../../data/view_kinds.ts";
import { codeTypes, isQuantization } from "../../models/weights/quantization.ts";
import type * as spec from "../../spec/mod.ts";
import { adaptation } from "./adaptation_checks.ts";

const bits = oneOf(Object.keys(codeTypes));
const inBits: Check = (value, name) => isQuantization(value) ? undefined : bits(value, name);
const computed = record('{ weights: "q8", compute: "int8" }', { weights: bits, compute: oneOf(["float32", "int8"]) });

/** A model. */
export const model = {
  base: among("a base model, as in baseModel(…)", {
    baseModel: {
      source: leaf("a Hugging Face id, a folder, a .gguf file or builtin:NAME", isText),
      revision: optional(text),
      dtype: optional(oneOf(["float32", "float16", "bfloat16"] satisfies readonly spec.StoredDtype[])),
      quantize: optional((value, name) => (isRecord(value) ? computed : inBits)(value, name)),
    } satisfies Fields<spec.BaseModelSpec>,
  }),
  edits: (value, name) => Array.isArray(value) && value.forEach((item) => adaptation(item, `an argument of ${name}`)),
} satisfies Fields<spec.ModelSpec>;

/** A data set. */
export const dataset: Check = among("rows, as in jsonl(…), csv(…), hub(…), records(…) or chat(…)", {
  ...mapRecord(sourceKinds, ({ settings }) => settings),
  ...mapRecord(viewKinds, ({ settings }) => settings((value, name) => dataset(value, name))),
});

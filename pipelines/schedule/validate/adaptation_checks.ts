/** Checks of what is trained: edits, adapters, heads. @module */
import type { AdapterSettings } from "../../../ops/adapters/adapter.ts";
import { adapters } from "../../../ops/adapters/mod.ts";
import { activations, type InterventionOptions } from "../../../ops/interventions/intervention.ts";
import { interventions } from "../../../ops/interventions/mod.ts";
import {
  among,
  amount,
  belowOne,
  type Check,
  count,
  type Fields,
  flag,
  from,
  integer,
  isText,
  leaf,
  listOf,
  oneOf,
  optional,
  text,
} from "../../common/checks.ts";
import { RequestError } from "../../common/errors.ts";
import { mapRecord } from "../../common/map_record.ts";
import { quote } from "../../common/suggest.ts";
import type * as spec from "../../spec/mod.ts";
import { blocks, positions, short, site, stack, subspace } from "./site_checks.ts";

const edit = {
  at: site,
  positions,
  short: optional(short),
  tied: flag,
  dropout: optional(belowOne),
  initial: optional(text),
} satisfies Omit<Fields<spec.EditSpec>, "rank" | "subspace" | keyof InterventionOptions>;
const rank = leaf(
  "a whole number from 1 to the model's width",
  (value) => Number.isSafeInteger(value) && from(1)(value),
);
const ranked = { rank, subspace: optional(subspace) };
const options: Pick<Fields<spec.EditSpec>, keyof InterventionOptions> = {
  activation: oneOf(Object.keys(activations)),
  orthogonal: flag,
  projectionBias: flag,
};
const edits = mapRecord(interventions, ({ hasRank, has }) => ({
  ...edit,
  ...hasRank ? ranked : {},
  ...Object.fromEntries(has.map((option) => [option, optional(options[option])])),
}));

const adapter = {
  blocks,
  stack: optional(stack),
  modules: optional(listOf('a list of projections, as in ["q_proj"]', text)),
  positions: optional(oneOf(["prompt", "all+completion"])),
  initial: optional(text),
} satisfies Omit<Fields<spec.AdapterSpec>, keyof AdapterSettings>;
const settings: Pick<Fields<spec.AdapterSpec>, keyof AdapterSettings> = {
  rank: count,
  alpha: amount,
  rankStabilized: flag,
  dropout: belowOne,
};
const adapterKinds = mapRecord(adapters, (kind) => ({
  ...adapter,
  ...mapRecord(kind.settings, (need, name) => need === "required" ? settings[name] : optional(settings[name])),
}));

const head = { frozen: flag, fresh: flag, initial: optional(text) };
const labels: Check = (value, name) => {
  listOf('at least two names, as in ["unacceptable", "acceptable"]', text)(value, name);
  const names = value as readonly string[], twice = names.find((label, at) => names.indexOf(label) !== at);
  if (names.length < 2) throw new RequestError(`${name} has only one class; give at least two names`);
  if (twice !== undefined) throw new RequestError(`${name} has ${quote(twice)} twice; name each class once`);
};
const heads = {
  classification: { ...head, labels } satisfies Fields<spec.ClassificationSpec>,
  regression: head satisfies Fields<spec.RegressionSpec>,
  reward: head satisfies Fields<spec.RewardSpec>,
};

const trainable = {
  ...edits,
  ...adapterKinds,
  ...heads,
  prefixTuning: { tokens: count, initial: optional(text) } satisfies Fields<spec.PrefixTuningSpec>,
};

/** An adaptation of a model. */
export const adaptation = among("an edit, adapter or head, as in loreft(…), lora(…) or classification(…)", {
  ...trainable,
  saved: {
    folder: leaf("an intervention's folder", isText),
    positions: optional(positions),
    short: optional(short),
    subspace: optional(subspace),
  } satisfies Fields<spec.SavedSpec>,
  fullFinetuning: { initializeFrom: optional(integer) } satisfies Fields<spec.FullFinetuningSpec>,
});

/**
 * An edit, adapter or head from a file, checked like those of a stage.
 *
 * @throws {RequestError} If a setting is missing, unknown or has an invalid value.
 */
export function checkedAdaptation(declared: unknown): spec.Resolved<spec.TrainableSpec> {
  among("an edit or adapter", trainable)(declared, "an intervention");
  return declared as spec.Resolved<spec.TrainableSpec>;
}

/**
 * Whether declarations are what their types say. Pipeline files run without a type check, and a setting whose name is
 * misspelt would otherwise be passed over.
 *
 * @module
 */
import type { AdapterSettings } from "../../../ops/adapters/adapter.ts";
import { adapters } from "../../../ops/adapters/mod.ts";
import { activations, type InterventionOptions } from "../../../ops/interventions/intervention.ts";
import { interventions } from "../../../ops/interventions/mod.ts";
import { schedules } from "../../../ops/optimizers/schedule.ts";
import type { Dataset, Source } from "../../data/dataset.ts";
import { sourceKinds } from "../../data/source_kinds.ts";
import { RequestError } from "../../common/errors.ts";
import { metricKinds } from "../../metrics/mod.ts";
import { codeTypeOf } from "../../models/weights/quantization.ts";
import type * as spec from "../../spec/mod.ts";
import { quote } from "../../common/suggest.ts";
import {
  among,
  amount,
  anything,
  belowOne,
  type Check,
  count,
  type Fields,
  flag,
  from,
  index,
  integer,
  isList,
  isText,
  leaf,
  listOf,
  oneOf,
  optional,
  positive,
  record,
  share,
  text,
} from "../../common/checks.ts";

/** A record with something made of each value, under its name. */
function mapRecord<K extends string, T, R>(
  record: { readonly [name in K]?: T },
  of: (value: T, name: K) => R,
): { readonly [name in K]: R } {
  const entries = Object.entries(record) as [K, T][];
  return Object.fromEntries(entries.map(([name, value]) => [name, of(value, name)])) as { [name in K]: R };
}

const isBlocks = (value: unknown) =>
  value === "all" || typeof value === "number" || (isList(value) && value.every((block) => typeof block === "number"));

const blocks = leaf('a block\'s number, a list of numbers or "all"', isBlocks);

const stack = oneOf(["encoder", "decoder"]);

const orFunction = (expected: string) => leaf(expected, (value) => isText(value) || typeof value === "function");
const positions = orFunction(
  '"fN", "lN", "fN+lM", "all", "{field}", "completion" or "generated", or a function of the prompt',
);
const subspace = orFunction("the name of a field that lists rows of the rank, or a function of the row's fields");

const site = record("a site of blocks, as in block(3).output", {
  blocks: optional(blocks),
  stack: optional(stack),
  site: text,
  head: optional(index),
});

const edit = {
  at: site,
  positions,
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
  modules: listOf('a list of projections, as in ["q_proj"]', text),
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
  listOf('two names or more, as in ["unacceptable", "acceptable"]', text)(value, name);
  const names = value as readonly string[], twice = names.find((label, at) => names.indexOf(label) !== at);
  if (names.length < 2) throw new RequestError(`${name} has one class alone; give two names or more`);
  if (twice !== undefined) throw new RequestError(`${name} has ${quote(twice)} twice; name each class once`);
};
const heads = {
  classification: { ...head, labels } satisfies Fields<spec.ClassificationSpec>,
  regression: head satisfies Fields<spec.RegressionSpec>,
};

const trainable = {
  ...edits,
  ...adapterKinds,
  ...heads,
  prefixTuning: { tokens: count, initial: optional(text) } satisfies Fields<spec.PrefixTuningSpec>,
};

const adaptation = among("an edit, adapter or head, as in loreft(…), lora(…) or classification(…)", {
  ...trainable,
  saved: {
    folder: leaf("an intervention's folder", isText),
    positions: optional(positions),
    subspace: optional(subspace),
  } satisfies Fields<spec.SavedSpec>,
  fullFinetuning: { initializeFrom: optional(integer) } satisfies Fields<spec.FullFinetuningSpec>,
});

const model = {
  base: among("a base model, as in baseModel(…)", {
    baseModel: {
      source: leaf("a Hugging Face id, a folder, a .gguf file or builtin:NAME", isText),
      revision: optional(text),
      quantize: optional(oneOf(Object.keys(codeTypeOf))),
    } satisfies Fields<spec.BaseModelSpec>,
  }),
  edits: (value, name) => Array.isArray(value) && value.forEach((item) => adaptation(item, `an argument of ${name}`)),
} satisfies Fields<spec.ModelSpec>;

const dataset: Check = among("rows, as in jsonl(…), tsv(…), records(…) or chat(…)", {
  ...mapRecord(sourceKinds, ({ settings }) => settings),
  ...{
    take: { of: (value, name) => dataset(value, name), count: anything },
    skip: { of: (value, name) => dataset(value, name), count: anything },
    split: { of: (value, name) => dataset(value, name), part: anything, test: anything, seed: anything },
  } satisfies { [K in Exclude<Dataset, Source>["kind"]]: Fields<Extract<Dataset, { kind: K }>> },
});

const optimizer = {
  learningRate: amount,
  schedule: among(
    "a schedule, as in linearSchedule(…)",
    mapRecord(schedules, () => ({ warmup: share }) satisfies Fields<spec.ScheduleSpec>),
  ),
  weightDecay: amount,
  beta1: belowOne,
  beta2: belowOne,
  epsilon: amount,
} satisfies Fields<spec.OptimizerSpec>;

const train = {
  model: among("a model, as in baseModel(…).with(…)", { model }),
  data: dataset,
  epochs: count,
  batchSize: count,
  gradientAccumulation: count,
  optimizer: among("an optimizer, as in adamw(…)", { adamw: optimizer }),
  seed: integer,
  shuffle: flag,
  maxLength: optional(count),
} satisfies Fields<spec.TrainSpec>;

const writing = {
  maxNewTokens: count,
  repetitionPenalty: optional(positive),
  stop: optional(listOf("a list of texts", leaf("a text that is not empty", (value) => isText(value) && value !== ""))),
} satisfies Fields<spec.WritingSpec>;

const evaluate = {
  model: among("a model, as in baseModel(…) or train(…)", { model, train }),
  data: dataset,
  metrics: listOf(
    "a list of metrics, as in [exactMatch()]",
    among("a metric", mapRecord(metricKinds, () => ({}))),
  ),
  decoding: optional(among(
    "a decoding, as in greedy(…), sample(…), beam(…) or choices(…)",
    {
      greedy: writing,
      sample: {
        ...writing,
        temperature: positive,
        topK: index,
        topP: leaf("a probability from 0 to 1", from(0, 1)),
        seed: integer,
      },
      beam: {
        ...writing,
        beams: count,
        lengthPenalty: leaf("a number", Number.isFinite),
        earlyStopping: leaf('true, false or "never"', (value) => typeof value === "boolean" || value === "never"),
      },
      choices: {
        options: leaf("a list of texts, or the name of a field that holds one", (value) => {
          return isText(value) || (isList(value) && value.every(isText));
        }),
        end: flag,
      },
    } satisfies { [K in spec.DecodingSpec["kind"]]: Fields<Extract<spec.DecodingSpec, { kind: K }>> },
  )),
  batchSize: optional(count),
  maxLength: optional(count),
} satisfies Fields<spec.EvaluateSpec>;

const writtenDown = {
  model: among("a model, as in baseModel(…) or train(…)", { model, train }),
  data: dataset,
  positions,
  sites: optional(listOf("a list of sites, as in [block(3).mlp.output]", site)),
  hiddenStates: flag,
  logits: flag,
} satisfies Fields<spec.ActivationsSpec>;

const stage = among("what train(…), evaluate(…) or activations(…) gave", { train, evaluate, activations: writtenDown });

/**
 * An edit or adapter, checked as {@linkcode validate} checks a stage.
 *
 * @throws {RequestError} As of {@linkcode validate}.
 */
export function checkedAdaptation(declared: unknown): spec.Resolved<spec.TrainableSpec> {
  among("an edit or adapter", trainable)(declared, "an intervention");
  return declared as spec.Resolved<spec.TrainableSpec>;
}

/**
 * Checks a stage down to the last setting; bounds that depend on the model are not looked at.
 *
 * @throws {RequestError} If a setting is missing, unknown, or no value that it can have.
 */
export function validate(name: string, declared: spec.Resolved<spec.StageSpec>): void {
  stage(declared, name);
}

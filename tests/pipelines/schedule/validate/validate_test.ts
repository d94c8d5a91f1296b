import assert from "node:assert/strict";
import { activations, adamw, baseModel, block, evaluate, exactMatch, loreft, records, sample, train } from "refract";
import type { MemberStage } from "../../../../pipelines/schedule/expand/member.ts";
import { validate } from "../../../../pipelines/schedule/validate/validate.ts";

const data = records([{ q: "a", a: "b" }], { prompt: "{q}", completion: "{a}" });
const base = baseModel("./model"), edited = base.with(loreft({ at: block(0).output, positions: "l1", rank: 1 }));
const training = train(edited, { data, epochs: 1, batchSize: 1, optimizer: adamw({ learningRate: 1e-3 }) });
const stages = {
  train: training,
  evaluate: evaluate(training, { data, metrics: [exactMatch()], decoding: sample({ maxNewTokens: 1 }) }),
  activations: activations(base, { data, positions: "l1", logits: true }),
};

/** A copy with one setting, by its path, replaced; removed if it is `undefined`. */
function withSetting(value: unknown, [name, ...rest]: readonly string[], setting: unknown): unknown {
  if (name === undefined) return setting;
  assert.ok(typeof value === "object" && value !== null);
  const part = withSetting(Object.entries(value).find(([key]) => key === name)?.[1], rest, setting);
  return Array.isArray(value) ? value.with(Number(name), part) : { ...value, [name]: part };
}

for (const [kind, stage] of Object.entries(stages)) {
  Deno.test(`validate() accepts what ${kind}() returned`, () => validate("returned", stage as MemberStage));
}

const refused: Readonly<Record<string, readonly [keyof typeof stages, string, unknown, RegExp]>> = {
  "a setting that is missing": ["train", "epochs", undefined, /^epochs is missing; give a whole number of at least 1$/],
  "a setting that is misspelt": ["train", "epoch", 3, /^train has no setting "epoch"; did you mean "epochs"/],
  "a number out of bounds": ["train", "optimizer.beta1", 1, /^beta1 is 1; give a number of at least 0 and below 1$/],
  "a text for a number": ["train", "model.edits.0.rank", "4", /^rank is "4"; give a whole number from 1/],
  "a model where rows belong": ["evaluate", "data", base, /^data is of the kind model; give rows, as in jsonl/],
  "two sites of an edit": [
    "train",
    "model.edits.0.at",
    [block(1).output, block(2).output],
    /^at is a list; give one site, as in block\(3\)\.output, or that of several blocks, as in block\(\[1, 2\]\)\.output$/,
  ],
  "no site of an edit": [
    "train",
    "model.edits.0.at",
    [],
    /^at is empty; give a site of blocks, as in block\(3\)\.output$/,
  ],
  "a list in a list of sites": [
    "activations",
    "sites",
    [[block(1).output]],
    /^sites\[0\] is a list; give one site, as in block\(3\)\.output/,
  ],
  "two quantizations": [
    "train",
    "model.base.quantize",
    ["q4", "q8"],
    /^quantize is a list; give .*, or all of these with sweep\("quantize", \["q4", "q8"\]\)$/,
  ],
  "no metric at all": [
    "evaluate",
    "metrics",
    [],
    /^metrics is empty; give a list of metrics, as in \[exactMatch\(\)\]$/,
  ],
  "a temperature of 0": ["evaluate", "decoding.temperature", 0, /^temperature is 0; give a number above 0$/],
  "an unknown decoding": ["evaluate", "decoding.kind", "best", /^decoding is of the kind best; give a decoding/],
  "a flag that is a text": ["activations", "logits", "yes", /^logits is "yes"; give true or false$/],
  "an invalid base model": ["activations", "model.base.source", 7, /^source is 7; give a Hugging Face id, a folder/],
};

for (const [name, [kind, path, setting, problem]] of Object.entries(refused)) {
  Deno.test(`validate() refuses ${name}`, () => {
    const declared = withSetting(stages[kind], path.split("."), setting) as MemberStage;
    assert.throws(() => validate("declared", declared), { name: "RequestError", problem });
  });
}

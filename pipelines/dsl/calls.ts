/**
 * How each function of a pipeline file is called. Pipeline files run without a type check, and JavaScript accepts an
 * extra argument, a list instead of its items, or settings that are not an object.
 *
 * Values that become settings of a record are checked in full when the record's stage is prepared.
 *
 * @module
 */
import {
  type Check,
  count,
  index,
  integer,
  isRecord,
  isText,
  leaf,
  oneOf,
  optional,
  passes,
  record,
  text,
} from "../common/checks.ts";
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { locationOf } from "../common/source_location.ts";

/** The arguments of a function. */
interface Call {
  /** A check of each parameter, in order. */
  readonly takes: readonly Check[];
  /** The check of all further arguments, for functions that take any number. */
  readonly rest?: Check;
  /** An example call, as in a pipeline file. */
  readonly example: string;
}

const isDeclared = (...kinds: readonly string[]) => (value: unknown) =>
  isRecord(value) && "kind" in value && kinds.some((kind) => value.kind === kind);

const isRunnable = (value: unknown) => isDeclared("pipeline")(value) || (isText(value) && value !== "");

const isMember = (value: unknown) => isRecord(value) && "folder" in value && "stages" in value;

/** A record of settings, not a declaration passed by mistake. */
const settings = leaf("its settings", (value) => isRecord(value) && !("kind" in value) && !isNoted(value));
const isNoted = (value: unknown) => locationOf(value) !== undefined;
/** A value that only has to be present here; it is checked with the record that it becomes part of. */
const given = leaf("one", (value) => value !== undefined);
const notEmpty = leaf(
  "a folder, a .gguf file, builtin:NAME or a Hugging Face id",
  (value) => value !== undefined && value !== "",
);
const path = leaf("a path", (value) => isText(value) && value !== "");
const list = leaf("a list", Array.isArray);
const axis = leaf("an axis", isDeclared("axis"));
const rows = leaf("rows", (value) => isRecord(value) && "kind" in value);
/** A value that may be swept: an axis is accepted here, and its values are checked for each member. */
export const swept = (check: Check): Check => (value, name) =>
  isDeclared("axis", "bestValue")(value) || check(value, name);
const action = leaf("a function", (value) => typeof value === "function");
/** An edit, an adapter or a head; several are separate arguments, not a list. */
const single = leaf(
  "edits, adapters and heads as separate arguments",
  (value) => value !== undefined && !Array.isArray(value),
);

const metric = leaf("a metric call", (value) => isRecord(value) && "kind" in value);

const template = `{ prompt: "{question}\\n", completion: "{answer}" }`;
const place = `at: block(15).output, positions: "l1"`;
const file: Check[] = [path, optional(given)], table: Check[] = [...file, optional(settings)];
const required: Check[] = [settings], omissible: Check[] = [optional(settings)], none: Check[] = [];

const calls = {
  // Rows.
  jsonl: { takes: file, example: `jsonl("./rows.jsonl", ${template})` },
  tsv: { takes: table, example: `tsv("./rows.tsv", ${template}, { header: true })` },
  csv: { takes: table, example: `csv("./rows.csv", ${template}, { separator: ";" })` },
  json: { takes: table, example: `json("./rows.json", ${template}, { at: "data" })` },
  parquet: { takes: file, example: `parquet("./rows.parquet", ${template})` },
  hub: {
    takes: [leaf("an id, owner/name", isText), optional(settings), optional(given)],
    example: `hub("owner/name", { split: "train" }, ${template})`,
  },
  records: { takes: [list, optional(given)], example: `records([{ question: "…", answer: "…" }], ${template})` },
  chat: { takes: [given, optional(settings)], example: `chat("./talks.jsonl", { loss: "completion" })` },
  fewShot: { takes: [given, given, given, optional(settings)], example: "fewShot(rows, 5, 42)" },
  prefer: { takes: required, example: `prefer({ prompt: "{question}\\n", chosen: "{better}", rejected: "{worse}" })` },
  task: { takes: [text, optional(settings)], example: `task("boolq", { data: "./data" })` },
  suite: { takes: [text, optional(settings)], example: `suite("commonsense", { data: "./data" })` },
  // Views.
  "rows.take": { takes: [swept(index)], example: "rows.take(100)" },
  "rows.skip": { takes: [swept(index)], example: "rows.skip(100)" },
  "rows.slice": { takes: [swept(index), optional(swept(index))], example: "rows.slice(100, 200)" },
  "rows.split": { takes: [settings], example: "rows.split({ test: 0.25, seed: 7 })" },
  "rows.map": { takes: [action], example: "rows.map((row) => ({ ...row, more: 1 }))" },
  "rows.filter": { takes: [action], example: `rows.filter(({ answer }) => answer !== "")` },
  "rows.unique": { takes: [swept(text)], example: `rows.unique("question")` },
  "rows.shuffle": { takes: [swept(integer)], example: "rows.shuffle(7)" },
  "rows.sample": { takes: [swept(index), swept(integer)], example: "rows.sample(100, 7)" },
  "rows.concat": { takes: [rows], rest: rows, example: "rows.concat(others)" },
  // Models and sites.
  baseModel: { takes: [notEmpty, optional(settings)], example: `baseModel("./model")` },
  with: { takes: none, rest: single, example: "model.with(first, second)" },
  block: { takes: [given], example: "block(15)" },
  head: { takes: [given], example: "block(15).attention.head(3)" },
  // Edits, adapters and heads.
  loreft: { takes: required, example: `loreft({ ${place}, rank: 4 })` },
  noreft: { takes: required, example: `noreft({ ${place}, rank: 4 })` },
  direft: { takes: required, example: `direft({ ${place}, rank: 4 })` },
  consreft: { takes: required, example: `consreft({ ${place}, rank: 4 })` },
  lobireft: { takes: required, example: `lobireft({ ${place}, rank: 4 })` },
  red: { takes: required, example: `red({ ${place} })` },
  road: { takes: required, example: `road({ ${place} })` },
  gatedDirection: { takes: required, example: `gatedDirection({ ${place} })` },
  saved: { takes: [given, optional(settings)], example: `saved("./runs/first/members/main/intervention")` },
  fullFinetuning: { takes: omissible, example: "fullFinetuning()" },
  lora: { takes: required, example: "lora({ rank: 8 })" },
  dora: { takes: required, example: "dora({ rank: 8 })" },
  ia3: { takes: omissible, example: "ia3()" },
  bitfit: { takes: omissible, example: "bitfit()" },
  prefixTuning: { takes: required, example: "prefixTuning({ tokens: 8 })" },
  classification: { takes: required, example: `classification({ labels: ["no", "yes"] })` },
  regression: { takes: omissible, example: "regression()" },
  reward: { takes: omissible, example: "reward()" },
  // Stages.
  train: { takes: [given, settings], example: "train(model, { data, epochs, batchSize, optimizer })" },
  "tuned.at": { takes: [swept(count)], example: "tuned.at(3)" },
  evaluate: { takes: [given, settings], example: "evaluate(model, { data, decoding, metrics })" },
  activations: { takes: [given, settings], example: `activations(model, { data, positions: "l1" })` },
  pipeline: {
    takes: [text, action],
    rest: leaf("a condition, where((member) => …)", isDeclared("where")),
    example: `pipeline("first", () => ({ score: evaluate(…) }))`,
  },
  best: { takes: [leaf("an evaluation", isDeclared("evaluate")), metric], example: "best(evaluate(…), exactMatch())" },
  value: { takes: [axis], example: "best(…).value(rank)" },
  halving: { takes: [settings], example: "halving({ by: loss(), rounds: 3, keep: 0.5 })" },
  // Optimizers, decoding and metrics.
  adamw: { takes: required, example: "adamw({ learningRate: 1e-3 })" },
  dpo: { takes: required, example: "dpo({ beta: 0.1 })" },
  ipo: { takes: required, example: "ipo({ beta: 0.1 })" },
  simpo: { takes: required, example: "simpo({ beta: 2, gamma: 1 })" },
  bradleyTerry: { takes: omissible, example: "bradleyTerry()" },
  reps: { takes: omissible, example: "reps()" },
  sgd: { takes: required, example: "sgd({ learningRate: 0.1, momentum: 0.9 })" },
  lion: { takes: required, example: "lion({ learningRate: 1e-4 })" },
  adafactor: { takes: omissible, example: "adafactor({ learningRate: 1e-3 })" },
  constantSchedule: { takes: omissible, example: "constantSchedule({ warmup: 0.1 })" },
  linearSchedule: { takes: omissible, example: "linearSchedule({ warmup: 0.1 })" },
  cosineSchedule: { takes: omissible, example: "cosineSchedule({ warmup: 0.1 })" },
  inverseSqrtSchedule: { takes: omissible, example: "inverseSqrtSchedule({ warmup: 0.1 })" },
  polynomialSchedule: { takes: omissible, example: "polynomialSchedule({ power: 2, end: 1e-5 })" },
  greedy: { takes: required, example: "greedy({ maxNewTokens: 8 })" },
  sample: { takes: required, example: "sample({ maxNewTokens: 8, temperature: 0.7 })" },
  beam: { takes: required, example: "beam({ maxNewTokens: 8, beams: 4 })" },
  beamSample: { takes: required, example: "beamSample({ maxNewTokens: 8, beams: 4, temperature: 0.3 })" },
  choices: { takes: [given, optional(settings)], example: `choices(["yes", "no"])` },
  exactMatch: { takes: omissible, example: "exactMatch()" },
  accuracy: { takes: omissible, example: "accuracy()" },
  numericMatch: { takes: omissible, example: "numericMatch({ tolerance: 0.01 })" },
  regexMatch: {
    takes: [leaf("a regular expression", (value) => value instanceof RegExp), optional(settings)],
    example: "regexMatch(/-?\\d+/)",
  },
  taskAccuracy: { takes: [text, optional(settings)], example: `taskAccuracy("boolq", { scoring: "pyreft" })` },
  passAtK: { takes: [text, optional(settings)], example: `passAtK("humaneval", { k: 10 })` },
  judge: {
    takes: required,
    example: `judge({ endpoint: "https://api.openai.com/v1", model: "gpt-4.1", key: "OPENAI_API_KEY" })`,
  },
  combined: { takes: [list, optional(settings)], example: `combined(["accuracy", "f1"])` },
  tokenF1: { takes: omissible, example: "tokenF1()" },
  bleu: { takes: omissible, example: "bleu()" },
  rouge: { takes: [text, optional(settings)], example: `rouge("rougeL")` },
  metric: { takes: [text, settings], example: `metric("length", { measure: (answer) => answer.length })` },
  loss: { takes: omissible, example: "loss()" },
  perplexity: { takes: omissible, example: "perplexity()" },
  bitsPerByte: { takes: omissible, example: "bitsPerByte()" },
  rewardAccuracy: { takes: omissible, example: "rewardAccuracy()" },
  rewardMargin: { takes: omissible, example: "rewardMargin()" },
  f1: { takes: omissible, example: `f1({ average: "macro" })` },
  matthews: { takes: omissible, example: "matthews()" },
  pearson: { takes: omissible, example: "pearson()" },
  spearman: { takes: omissible, example: "spearman()" },
  mse: { takes: omissible, example: "mse()" },
  // Sweeps and settings.
  sweep: { takes: [text, list], example: `sweep("rank", [1, 4])` },
  zip: { takes: none, rest: axis, example: `zip(sweep("layer", [5, 9]), sweep("rank", [8, 4]))` },
  concat: { takes: [axis], rest: axis, example: `concat(sweep("rank", [1, 4]), sweep("rank", [8]))` },
  repeat: { takes: [settings], example: "repeat({ seeds: [42, 43, 44] })" },
  where: { takes: [action], example: "where(({ rank }) => rank < 8)" },
  settings: { takes: [settings], example: "settings({ epochs: 3 })" },
  // Running.
  run: {
    takes: [leaf("a pipeline, or the path of its file", isRunnable), optional(settings)],
    example: `run("./pipeline.ts", { set: { rank: 4 } })`,
  },
  open: { takes: [path], example: `open("./runs/first")` },
  generate: {
    takes: [
      leaf("a model, or a member of a run", (value) => isDeclared("model")(value) || isMember(value)),
      leaf("a text, or a list of messages", (value) => isText(value) || Array.isArray(value)),
      optional(settings),
    ],
    example: `generate(baseModel("./model"), "Why is the sky blue?")`,
  },
  // Tokens.
  at: { takes: [list, text, optional(oneOf(["first", "last"]))], example: `at(pieces, " colour")` },
  fromEnd: { takes: [count], example: "fromEnd(1)" },
} satisfies Readonly<Record<string, Call>>;

/** The functions and methods of a pipeline file. */
type FunctionName = keyof typeof calls;

/** An example call of a function that was mistaken for a method; `undefined` if there is no such function. */
export function exampleOf(name: string): string | undefined {
  const known: Readonly<Record<string, Call>> = calls;
  return ownValue(known, name)?.example;
}

const ordinals = ["first", "second", "third", "fourth"];
const amounts = ["no arguments", "one argument", "two arguments", "three arguments"];

/** Checks for the settings of a function that destructures them, so that no record remains to be checked later. */
export type SettingChecks<T> = { readonly [K in keyof T]-?: Check };

/**
 * Checks the arguments of a call.
 *
 * @param given All arguments, including any beyond the function's parameters.
 * @param fields Checks for the settings in its last argument, if the function destructures them.
 * @throws {RequestError} If an argument is missing, superfluous or invalid.
 */
export function requireCall(
  name: FunctionName,
  given: ArrayLike<unknown>,
  fields?: Readonly<Record<string, Check>>,
): void {
  const { takes, rest, example }: Call = calls[name];
  const requireAt = (check: Check, value: unknown, at: number) => {
    const place = `the ${ordinals[at] ?? `${at + 1}th`} argument of ${name}`;
    if (!passes(check, value, place)) throw refusal(check, value, place, example);
  };
  takes.forEach((check, at) => requireAt(check, given[at], at));
  const last = takes.length - 1;
  if (fields !== undefined && given[last] !== undefined) requireAt(record("its settings", fields), given[last], last);
  const others = Array.from(given).slice(takes.length);
  if (rest !== undefined) return others.forEach((value, at) => requireAt(rest, value, takes.length + at));
  if (others.length === 0) return;
  throw new RequestError(`${name} takes ${amounts[takes.length]} but is given ${given.length}; write ${example}`);
}

/** The check's own message, and how the function is called. */
function refusal(check: Check, value: unknown, place: string, example: string): RequestError {
  try {
    check(value, place);
  } catch (fault) {
    if (fault instanceof RequestError) return new RequestError(`${fault.problem}, as in ${example}`);
    throw fault;
  }
  throw new TypeError(`${place} was refused and is sound`);
}

/** What is legal in prepared stages but rarely intended. Each caution is noted once, with its place. @module */
import { counted } from "../../common/counted.ts";
import type { OptimizerName } from "../../../ops/optimizers/mod.ts";
import { quote } from "../../common/suggest.ts";
import { placed } from "../../common/source_location.ts";
import { type Adaptation, headOf, interventionsOf } from "../../compile/lower/adaptation.ts";
import { warmupStepsOf } from "../../../ops/optimizers/schedule.ts";
import { startsAtOwn } from "../../compile/lower/heads.ts";
import { lengthsOfExamples } from "../../data/example_lengths.ts";
import { metricOf } from "../../metrics/mod.ts";
import { findTensor } from "../../models/open/model.ts";
import type { MetricSpec, OptimizerSpec, Resolved } from "../../spec/mod.ts";
import type { PreparedActivations, PreparedEvaluation, PreparedTraining } from "./prepared.ts";
import type { PreparedModel } from "./prepared_model.ts";
import { stepsInEpoch } from "./steps_in_epoch.ts";

/** The note, and the declaration that it is about. */
interface Caution {
  readonly of: unknown;
  readonly says: string;
}

type Finding = Caution | undefined | Promise<Caution | undefined>;

/** What is known of an optimizer's rates. */
interface Rates {
  readonly usual: string;
  /** Below this one, steps vanish in the rounding of what is learned. */
  readonly small: number;
  /** From this one on, a step is larger than most weights and representations are. */
  readonly large: number;
}

const rates: Readonly<Record<OptimizerName, Rates>> = {
  adamw: { usual: "1e-5 to 1e-2", small: 1e-10, large: 1 },
  sgd: { usual: "1e-3 to 1", small: 1e-9, large: 10 },
  lion: { usual: "1e-6 to 1e-3", small: 1e-10, large: 1 },
  adafactor: { usual: "1e-4 to 1e-2", small: 1e-10, large: 1 },
};

/** The rates of an optimizer and its groups; `undefined` if its steps are relative. */
function ratesOf({ learningRate, groups = [] }: Resolved<OptimizerSpec>): (number | undefined)[] {
  return [learningRate, ...groups.flatMap((group) => group.learningRate ?? [])];
}

function cutsNothing({ name, spec }: PreparedTraining | PreparedEvaluation): Finding {
  if (spec.truncate === undefined || spec.maxLength !== undefined) return undefined;
  return { of: spec, says: `truncate of ${name} says which end maxLength cuts, but there is no maxLength` };
}

/** How many steps the epochs of a training have. */
const stepsOfEpochs = ({ spec, rows }: PreparedTraining) => spec.epochs * stepsInEpoch({ spec, rows });

const ofTraining: readonly ((stage: PreparedTraining) => Finding)[] = [
  function endsBefore(stage) {
    const { name, spec, spec: { maxSteps = 0, epochs } } = stage, steps = stepsOfEpochs(stage);
    if (maxSteps <= steps) return undefined;
    return {
      of: spec,
      says: `maxSteps of ${name} is ${maxSteps}, and its epochs end after ${
        counted(steps, "step")
      }; give more epochs than ${epochs}`,
    };
  },
  function staysCold(stage) {
    const { name, spec: { optimizer, maxSteps = Infinity } } = stage;
    const steps = Math.min(maxSteps, stepsOfEpochs(stage)), warmup = warmupStepsOf(optimizer.schedule, steps);
    if (steps === 0 || warmup < steps) return undefined;
    return {
      of: optimizer,
      says: `the warm-up of ${name} takes ${warmup} of ${counted(steps, "step")}, so that no step ` +
        "has the whole learning rate",
    };
  },
  function measuresOnce(stage) {
    const { name, spec, spec: { validate, maxSteps = Infinity } } = stage, every = validate?.every ?? "epoch";
    const steps = Math.min(maxSteps, stepsOfEpochs(stage));
    if (every === "epoch" || every <= steps) return undefined;
    return {
      of: spec,
      says: `${name} is validated every ${every} steps and has ${steps}, so that it is validated at its end alone`,
    };
  },
  function learnsNothing({ name, spec: { optimizer } }) {
    if (ratesOf(optimizer).some((rate) => rate !== 0)) return undefined;
    return { of: optimizer, says: `the learning rate of ${name} is 0, so it learns nothing` };
  },
  cutsNothing,
  function hasIdleParts({ name, spec }) {
    const { dataParallel = 1, batchSize } = spec;
    if (dataParallel <= batchSize) return undefined;
    return { of: spec, says: `dataParallel of ${name} is ${dataParallel}, but a batch has only ${batchSize} rows` };
  },
  function editsNoToken({ name, spec, adaptations, rows }) {
    for (const { kind, positions: { selector } } of interventionsOf(adaptations)) {
      if (selector === undefined) continue;
      const count = rows.filter(({ whole }) => selector.of(whole).size === 0).length;
      if (count === 0) continue;
      const where = count === rows.length ? "any row" : `${count} of the ${rows.length} rows`;
      const choice = selector.isFunction ? "its function" : quote(selector.name);
      return { of: spec, says: `${kind} edits no token in ${where} that ${name} trains on; ${choice} chooses none` };
    }
    return undefined;
  },
  function scalesToNothing({ name, spec, adaptations }) {
    const idle = adaptations.find((each) => each.form === "adapter" && each.options.scaling === 0);
    if (idle === undefined) return undefined;
    return { of: spec, says: `alpha of ${idle.kind} in ${name} is 0, so it changes nothing and learns nothing` };
  },
  function hasOddRate({ name, spec: { optimizer } }) {
    const { usual, small, large } = rates[optimizer.kind];
    const rate = Math.max(...ratesOf(optimizer).map((rate) => rate ?? 0));
    if (rate === 0 || rate >= small && rate < large || optimizer.learningRate === undefined) return undefined;
    return { of: optimizer, says: `the learning rate of ${name} is ${rate}; usual rates are ${usual}` };
  },
];

const ofEvaluation: readonly ((stage: PreparedEvaluation) => Finding)[] = [
  isUntrained,
  cutsNothing,
  function cutsAnswers({ name, spec, examples }) {
    const { decoding, metrics } = spec;
    if (decoding === undefined || decoding.kind === "choices" || !metrics.some(needsEqual)) return undefined;
    const { maxNewTokens } = decoding, { completions } = lengthsOfExamples(examples);
    const lengths = completions.map(lengthOfAnswer);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    const count = lengths.filter((length) => length > maxNewTokens).length;
    if (count === 0) return undefined;
    const part = count === examples.length
      ? count === 1 ? "the row" : `all ${count} rows`
      : `${count} of the ${examples.length} rows`;
    return {
      of: decoding,
      says:
        `the completions of ${part} of ${name} are longer than maxNewTokens, ${maxNewTokens}; the longest has ${longest}`,
    };
  },
  function leavesNoRoom({ name, spec, examples, model }) {
    const { decoding } = spec, { contextLength, encoder } = model.architecture;
    if (decoding === undefined || decoding.kind === "choices" || encoder !== undefined) return undefined;
    const { maxNewTokens } = decoding;
    if (maxNewTokens >= contextLength) {
      return {
        of: spec,
        says:
          `maxNewTokens of ${name} is ${maxNewTokens}, but the model's context has ${contextLength} tokens in all, ` +
          "so answers may be cut; give fewer",
      };
    }
    const { prompts } = lengthsOfExamples(examples);
    const count = prompts.filter((length) => length + maxNewTokens > contextLength).length;
    if (count === 0) return undefined;
    return {
      of: spec,
      says:
        `${count} of the ${examples.length} prompts of ${name} ${
          count === 1 ? "leaves" : "leave"
        } no room for maxNewTokens, ${maxNewTokens}, in the ` +
        `model's context of ${contextLength} tokens, so answers will be cut; maxLength of evaluate(…) cuts the prompt instead`,
    };
  },
];

/** Whether only an answer that equals the completion is right. */
const needsEqual = (metric: MetricSpec) => metricOf(metric).measures.texts?.(metric).needsEqual === true;

/** The length of a completion without the token that ends it. */
function lengthOfAnswer(completion: number): number {
  return completion - 1;
}

/** Whether a model has something to train that no training has trained. */
async function isUntrained(
  { name, spec, training, ...model }: PreparedEvaluation | PreparedActivations,
): Promise<Caution | undefined> {
  if (training !== undefined) return undefined;
  const kinds = [...new Set((await startingAnew(model)).map(({ kind }) => kind))];
  if (kinds.length === 0) return undefined;
  const what = kinds.join(" and ");
  return {
    of: spec,
    says: `${name} uses its model with ${what} untrained; use the result of train(…)`,
  };
}

/** The adaptations that start neither from a file nor from the checkpoint. */
async function startingAnew({ model, adaptations, initialFiles }: PreparedModel): Promise<readonly Adaptation[]> {
  const fromFiles = new Set(initialFiles.flatMap(({ of }) => of)), head = headOf(adaptations);
  const anew = adaptations.filter((adaptation) => !fromFiles.has(adaptation));
  if (head === undefined || !anew.includes(head)) return anew;
  const found = await Promise.all(
    Object.keys(head.tensors).map(async (name) =>
      startsAtOwn(head, name) && await findTensor(model, name) !== undefined
    ),
  );
  return found.every(Boolean) ? anew.filter((adaptation) => adaptation !== head) : anew;
}

async function cautionsIn<S>(
  findings: readonly ((stage: S) => Finding)[],
  stage: S,
): Promise<readonly [string, string][]> {
  const found = await Promise.all(findings.map((find) => find(stage)));
  return found.flatMap((caution, at): [string, string][] => {
    if (caution === undefined) return [];
    // Members of a sweep differ only in numbers.
    return [[placed(caution.of, caution.says), placed(caution.of, findings[at]!.name)]];
  });
}

/** Cautions about a training, and what they are about, so that the members of a sweep give each only once. */
export const cautionsOfTraining = (stage: PreparedTraining) => cautionsIn(ofTraining, stage);
/** The same for an evaluation. */
export const cautionsOfEvaluation = (stage: PreparedEvaluation) => cautionsIn(ofEvaluation, stage);
/** The same for activations. */
export const cautionsOfActivations = (stage: PreparedActivations) => cautionsIn([isUntrained], stage);

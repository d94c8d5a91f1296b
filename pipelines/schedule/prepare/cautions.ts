/** What is legal in stages that are ready, and rarely meant. Each is said once, with its place. @module */
import type { OptimizerName } from "../../../ops/optimizers/mod.ts";
import { placed } from "../../common/source_location.ts";
import { type Adaptation, headOf } from "../../compile/lower/adaptation.ts";
import { startsAtOwn } from "../../compile/lower/heads.ts";
import { lengthsOfExamples } from "../../data/example_lengths.ts";
import { metricOf } from "../../metrics/mod.ts";
import { findTensor } from "../../models/open/model.ts";
import type { MetricSpec, OptimizerSpec, Resolved } from "../../spec/mod.ts";
import type { PreparedActivations, PreparedEvaluation, PreparedTraining } from "./prepared.ts";
import type { PreparedModel } from "./prepared_model.ts";

/** What to say, and the declaration that it is of. */
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

/** The rates of an optimizer and its groups; `undefined` where steps are relative. */
function ratesOf({ learningRate, groups = [] }: Resolved<OptimizerSpec>): (number | undefined)[] {
  return [learningRate, ...groups.flatMap((group) => group.learningRate ?? [])];
}

function cutsNothing({ name, spec }: PreparedTraining | PreparedEvaluation): Finding {
  if (spec.truncate === undefined || spec.maxLength !== undefined) return undefined;
  return { of: spec, says: `truncate of ${name} says which end maxLength cuts, and there is no maxLength` };
}

const ofTraining: readonly ((stage: PreparedTraining) => Finding)[] = [
  function learnsNothing({ name, spec: { optimizer } }) {
    if (ratesOf(optimizer).some((rate) => rate !== 0)) return undefined;
    return { of: optimizer, says: `the learning rate of ${name} is 0, so that it learns nothing` };
  },
  cutsNothing,
  function hasIdleParts({ name, spec }) {
    const { dataParallel = 1, batchSize } = spec;
    if (dataParallel <= batchSize) return undefined;
    return { of: spec, says: `dataParallel of ${name} is ${dataParallel}, and a batch has ${batchSize} rows to share` };
  },
  function hasOddRate({ name, spec: { optimizer } }) {
    const { usual, small, large } = rates[optimizer.kind];
    const rate = Math.max(...ratesOf(optimizer).map((rate) => rate ?? 0));
    if (rate === 0 || rate >= small && rate < large || optimizer.learningRate === undefined) return undefined;
    return { of: optimizer, says: `the learning rate of ${name} is ${rate}; usual ones are from ${usual}` };
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
    const part = count === examples.length ? `all ${count} rows` : `${count} of the ${examples.length} rows`;
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
    const { prompts } = lengthsOfExamples(examples);
    const count = prompts.filter((length) => length + maxNewTokens > contextLength).length;
    if (count === 0) return undefined;
    return {
      of: spec,
      says:
        `${count} of the ${examples.length} prompts of ${name} leave no room for maxNewTokens, ${maxNewTokens}, in the ` +
        `model's context of ${contextLength} tokens, where an answer is cut; maxLength of evaluate(…) cuts the prompt instead`,
    };
  },
];

/** Whether an answer has to be the completion to be right. */
const needsEqual = (metric: MetricSpec) => metricOf(metric).measures.texts?.(metric).needsEqual === true;

/** The tokens of a completion without the one that ends it. */
function lengthOfAnswer(completion: number): number {
  return completion - 1;
}

/** A model that something is to be learned of, and that nothing trained. */
async function isUntrained(
  { name, spec, training, ...model }: PreparedEvaluation | PreparedActivations,
): Promise<Caution | undefined> {
  if (training !== undefined) return undefined;
  const kinds = [...new Set((await startingAnew(model)).map(({ kind }) => kind))];
  if (kinds.length === 0) return undefined;
  const what = kinds.join(" and ");
  return {
    of: spec,
    says: `${name} takes its model with ${what} as it starts, since nothing trained it; take what train(…) gives`,
  };
}

/** What starts neither from a file nor from what the checkpoint has. */
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
    // Members of a sweep differ in numbers alone.
    return [[placed(caution.of, caution.says), placed(caution.of, findings[at]!.name)]];
  });
}

/** What there is to say of a training, and what it is of, by which members of a sweep say it once. */
export const cautionsOfTraining = (stage: PreparedTraining) => cautionsIn(ofTraining, stage);
/** The same of an evaluation. */
export const cautionsOfEvaluation = (stage: PreparedEvaluation) => cautionsIn(ofEvaluation, stage);
/** The same of activations. */
export const cautionsOfActivations = (stage: PreparedActivations) => cautionsIn([isUntrained], stage);

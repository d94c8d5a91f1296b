/**
 * The log-likelihoods that the frozen model assigns to both answers of each row: constants of the experiment, computed
 * once and kept in the store, whatever is trained.
 *
 * @module
 */
import { madeOf, type RowList } from "../../common/row_list.ts";
import type { AnswerScores } from "../../compile/rows/answers.ts";
import { fedNumbers } from "../../compile/rows/feeds.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { Model, ModelWeights } from "../../models/open/model.ts";
import { getList, putList } from "../../store/json_list.ts";
import { keyOf } from "../../store/store.ts";
import { removeParts } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import { compilerVersion } from "../context/compiler_version.ts";
import { answersLayout, scoreAnswers } from "./score_answers.ts";

/** The frozen model's scores of rows, and whether they come from an earlier run. */
export interface Reference {
  readonly scores: AnswerScores;
  readonly key: string;
  readonly cached: boolean;
  readonly seconds: number;
}

/** Rows for the frozen model. */
interface ReferenceRequest {
  /** The stage's name. */
  readonly name: string;
  readonly model: Model;
  readonly weights: ModelWeights;
  /** Each with two answers. */
  readonly examples: RowList<TokenizedExample>;
}

const kind = "reference";

/** The frozen model's log-likelihoods, from the store if they are there. */
export async function referenceOf(
  runContext: RunContext,
  { name, model: { architecture, config }, weights, examples }: ReferenceRequest,
): Promise<Reference> {
  const start = performance.now(), { store } = runContext;
  const model = { architecture, storedType: weights.storedType, members: [[]], full: false };
  const key = keyOf({
    compiler: compilerVersion(),
    config,
    fed: fedNumbers(architecture),
    weights: weights.digest,
    layout: answersLayout(model, examples),
    rows: madeOf(examples, ({ prompt, completion, rejected }) => [prompt, completion, rejected ?? null]),
    machine: runContext.machine,
  });
  const known = (await getList<readonly [number, number]>(store, kind, key))?.list();
  const scores = known ??
    await scoreAnswers(runContext, { name: `the base of ${name}`, model, weights, fed: () => ({}), examples, key });
  if (known === undefined) await putList(store, kind, key, scores);
  removeParts(store, key);
  return { scores, key, cached: known !== undefined, seconds: (performance.now() - start) / 1000 };
}

/** Changes that a plan suggests, with what they would save. @module */
import { compileTraining } from "../../compile/frontier/compiled_training.ts";
import { type Adaptation, type Intervention, interventionsOf } from "../../compile/lower/adaptation.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { isWhole, layoutOf } from "../../compile/rows/layout.ts";
import { steppingOf } from "../../compile/programs/stepping.ts";
import { rowFlops } from "../encode/flops.ts";
import type { TrainJob } from "../train/train_job.ts";
import { contextTokens } from "./context_tokens.ts";
import { madeOf } from "../../common/row_list.ts";

/** A change must make a step this much cheaper to be mentioned. */
const leastGain = 1.5;

/** Sentences about trainings whose declared positions or dropout cost much. */
export function adviceOn(jobs: readonly TrainJob[]): string[] {
  return [...new Set(jobs.flatMap((job) => [firstTokensAdvice(job) ?? [], dropoutAdvice(job) ?? []].flat()))];
}

/** With the frozen model's own dropout, nothing is constant except what comes before it. */
function dropoutAdvice({ stage, compiled, programs }: TrainJob): string | undefined {
  const { adaptations, rows, spec } = stage, prompts = rows.map(({ whole }) => whole);
  if (spec.baseDropout !== true) return undefined;
  const layout = layoutOf(compiled.architecture, adaptations, prompts),
    cut = prompts.map((whole) => layOut(whole, layout));
  const { train } = compileTraining(compiled, layout, steppingOf({ ...spec, baseDropout: false }), cut);
  const gain = rowFlops(programs.train, rows) / rowFlops(train, cut);
  return `baseDropout makes a step ${
    gain.toFixed(1)
  } times as much arithmetic as without it, where the frozen part is ` +
    "computed once";
}

/** Edits of the first tokens leave no context to compute once; edits of the last tokens alone would. */
function firstTokensAdvice({ stage, compiled, programs }: TrainJob): string | undefined {
  const { layout, adaptations, rows, spec } = stage;
  const edits = interventionsOf(adaptations);
  const both = edits.filter(({ positions: { first, last } }) => Number.isFinite(first) && first > 0 && last > 0);
  if (!isWhole(layout) || edits.length < adaptations.length || both.length === 0) return undefined;
  const changed = withoutFirst(adaptations), prompts = madeOf(rows, ({ whole }) => whole);
  const shorter = layoutOf(compiled.architecture, changed, prompts);
  if (isWhole(shorter)) return undefined;
  const cut = madeOf(prompts, (whole) => layOut(whole, shorter));
  const { train } = compileTraining(
    { ...compiled, members: [changed] },
    shorter,
    steppingOf(spec),
    cut,
  );
  const gain = rowFlops(programs.train, rows) / rowFlops(train, cut);
  if (gain < leastGain) return undefined;
  const [{ positions: { first, last } }] = both as [Intervention];
  const { shared, context } = contextTokens(cut);
  return `f${first} keeps ${shared + context} context tokens from being computed once; ` +
    `l${last} alone would train ${gain.toFixed(1)} times faster`;
}

/** The adaptations without their effect on the first tokens. */
function withoutFirst(adaptations: readonly Adaptation[]): Adaptation[] {
  return adaptations.flatMap((adaptation): Adaptation[] => {
    if (adaptation.form !== "intervention") return [adaptation];
    if (adaptation.side === "prefix") return [];
    const { last } = adaptation.positions;
    return [{
      ...adaptation,
      positions: { ...adaptation.positions, first: 0 },
      positionsText: `l${last}`,
      side: "both" as const,
    }];
  });
}

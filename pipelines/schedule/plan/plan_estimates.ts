/**
 * Plans a large sweep without compiling all its programs: those at the ends are compiled, and the numbers of the others
 * are interpolated between them.
 *
 * @module
 */
import { withoutHead } from "../../compile/lower/adaptation.ts";
import { tailOf } from "../../compile/rows/layout.ts";
import type { TrainJob } from "../train/train_job.ts";

/** Trainings with the same programs. */
export interface Group {
  readonly job: TrainJob;
  readonly jobs: readonly PlannedJob[];
}

/** A training and the member that declares it. */
export interface PlannedJob {
  readonly job: TrainJob;
  readonly member: string;
}

/** Up to this many programs are compiled; if there are more, some are compiled and the others estimated. */
const mostCompiled = 6;

/** All groups if there are few; otherwise, for each layout, those with the lowest and the highest edits. */
export function groupsToCompile(groups: readonly Group[]): readonly Group[] {
  if (groups.length <= mostCompiled) return groups;
  const layouts = Map.groupBy(groups, ({ job }) => tailOf(job.stage.layout).from).values();
  const ends = [...layouts].flatMap((group) => {
    const sorted = group.toSorted((a, b) => lowestBlock(a.job) - lowestBlock(b.job));
    return sorted.length === 1 ? sorted : [sorted[0]!, sorted.at(-1)!];
  });
  return ends.slice(0, mostCompiled);
}

/** The lowest block that is trained; -1 for what is below all blocks, as in full finetuning. */
function lowestBlock({ stage: { adaptations, full } }: TrainJob): number {
  return full === undefined ? Math.min(...withoutHead(adaptations).map(({ block }) => block ?? -1)) : -1;
}

/**
 * A group's numbers, interpolated between the compiled groups of its layout: work grows with the blocks above the
 * edits.
 */
export function between(group: Group, compiled: readonly Group[], of: (compiled: TrainJob) => number): number {
  if (compiled.includes(group)) return of(group.job);
  const alike = compiled.filter(({ job }) => tailOf(job.stage.layout).from === tailOf(group.job.stage.layout).from);
  const [low, high = low] = alike.length === 0 ? compiled : alike;
  const [from, to] = [lowestBlock(low!.job), lowestBlock(high!.job)];
  const share = to === from ? 0 : (lowestBlock(group.job) - from) / (to - from);
  return (1 - share) * of(low!.job) + share * of(high!.job);
}

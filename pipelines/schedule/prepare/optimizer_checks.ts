/** Checks of an optimizer that depend on what is trained. @module */
import { RequestError } from "../../common/errors.ts";
import { atLocationOf } from "../../common/source_location.ts";
import { quote } from "../../common/suggest.ts";
import { groupOf, matchesOf, parameterKinds } from "../../compile/programs/parameter_groups.ts";
import { steppingOf } from "../../compile/programs/stepping.ts";
import type { OptimizerSpec, ParameterKind, Resolved, TrainSpec } from "../../spec/mod.ts";
import type { PreparedModel } from "./prepared_model.ts";

const list = (words: readonly string[]) => new Intl.ListFormat("en-GB").format(words.map(quote));

/** @throws {RequestError} If the optimizer's settings contradict each other, or one of its groups has no parameters. */
export function requireOptimizer(spec: Resolved<TrainSpec>, prepared: PreparedModel): void {
  const { optimizer } = spec;
  atLocationOf(optimizer, () => {
    try {
      steppingOf(spec);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RequestError(error.message);
    }
    requireFalling(optimizer);
    requireGroups(optimizer, kindsOf(prepared));
  });
}

function requireFalling({ schedule, learningRate = 1 }: Resolved<OptimizerSpec>): void {
  if (schedule.kind !== "polynomial" || schedule.end < learningRate) return;
  throw new RequestError(
    `the schedule ends at ${schedule.end}, which is not below the learningRate ${learningRate}; give a smaller end`,
  );
}

function requireGroups(optimizer: Resolved<OptimizerSpec>, kinds: readonly (readonly ParameterKind[])[]): void {
  const { groups = [] } = optimizer, matches = matchesOf(optimizer);
  const taken = new Set(kinds.map((each) => groupOf(each, matches)));
  for (const [at, { learningRate, weightDecay }] of groups.entries()) {
    const match = matches[at]!, what = `groups[${at}], ${list(match)},`;
    if (learningRate === undefined && weightDecay === undefined) {
      throw new RequestError(`${what} changes nothing; give learningRate or weightDecay`);
    }
    if (learningRate !== undefined && optimizer.learningRate === undefined) {
      throw new RequestError(
        `${what} has a learningRate but the optimizer's steps are relative; give the optimizer a learningRate too`,
      );
    }
    if (taken.has(at)) continue;
    const there = [...new Set(kinds.flat())];
    const isTaken = match.some((kind) => there.includes(kind));
    throw new RequestError(
      isTaken
        ? `${what} matches only what an earlier group takes; put it before that group`
        : `${what} matches nothing that is trained; what is trained is ${list(there)}`,
    );
  }
}

/** The kinds of each parameter. */
function kindsOf({ model: { architecture }, adaptations, full }: PreparedModel): (readonly ParameterKind[])[] {
  return [...parameterKinds({ architecture, members: [adaptations], full: full !== undefined }).values()];
}

/** The optimizer's weight decays that act on edits. */
export function decayOfEdits(optimizer: Resolved<OptimizerSpec>): number {
  const group = groupOf(["edits"], matchesOf(optimizer)), { groups = [], weightDecay } = optimizer;
  return (group === undefined ? undefined : groups[group]?.weightDecay) ?? weightDecay;
}

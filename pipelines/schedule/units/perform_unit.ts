/** Runs one unit of a run; its results go into the store and nowhere else. @module */
import { ofKind } from "../../common/of_kind.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Member } from "../expand/member.ts";
import { Preparation } from "../prepare/prepare.ts";
import type { PreparedMember } from "../prepare/prepared.ts";
import { MemberExecution } from "../run/member_execution.ts";
import type { RunOutput } from "../run/run_output.ts";
import type { Unit, UnitKind } from "./unit.ts";

/** An output that writes nothing: the report writes everything from the store. */
export const nowhere: RunOutput = {
  prepare: () => Promise.resolve(),
  results: () => Promise.resolve(),
  predictions: () => Promise.resolve(),
  document: () => Promise.resolve(),
  copy: () => Promise.resolve(),
  trained: (_member, name) => Promise.resolve(name),
};

/**
 * Runs a unit other than the report.
 *
 * @param declared All members of the pipeline, as they are declared now.
 * @throws {RequestError} If a member of the unit is no longer declared, or is invalid.
 */
export async function performUnit(
  runContext: RunContext,
  { kind, members, among, stages, part }: Unit & { readonly kind: Exclude<UnitKind, "report"> },
  declared: readonly Member[],
): Promise<void> {
  const preparation = new Preparation(runContext), prepared: PreparedMember[] = [];
  for (const id of among) {
    const member = declared.find((member) => member.id === id);
    if (member === undefined) {
      throw new RequestError(`the pipeline no longer has a member ${quote(id)}; write the workflow again`);
    }
    prepared.push(await preparation.member(member));
  }
  const own = prepared.filter(({ member }) => members.includes(member.id));
  const names = new Set(own.flatMap((member) => member.stages.map(({ name }) => name)));
  const missing = stages.find((name) => !names.has(name));
  if (missing !== undefined) {
    throw new RequestError(`the pipeline no longer has a stage ${quote(missing)}; write the workflow again`);
  }
  await using running = new MemberExecution(runContext, nowhere);
  await running.gather(prepared);
  if (kind === "evaluate") {
    running.announce(own.flatMap((member) => member.stages.filter(({ name }) => stages.includes(name))));
  }
  for (const [at, member] of own.entries()) {
    const place = { id: member.member.id, number: at + 1, of: own.length };
    const named = member.stages.filter(({ name }) => stages.includes(name)), trainings = ofKind(named, "train");
    if (kind === "encode") { for (const stage of trainings) await running.encode(stage, part); }
    const asked = { encode: [], train: trainings, evaluate: named.filter((stage) => stage.kind !== "train") }[kind];
    for (const stage of asked) await running.stage(stage, member, place);
  }
  await runContext.store.checks.settled();
}

/**
 * Runs a pipeline: every member's stages in order, in rounds if members continue with the best of earlier ones.
 *
 * @module
 */
import type { EncodeRecord, MemberRecord, Results } from "../../results/results.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Expected } from "../context/rates.ts";
import { noteTo } from "../context/work.ts";
import type { Expansion, Member } from "../expand/member.ts";
import { totalOf } from "../pace/expected_stages.ts";
import { Preparation } from "../prepare/prepare.ts";
import type { PreparedMember } from "../prepare/prepared.ts";
import { requireJudges } from "../prepare/judge_checks.ts";
import { requireSandbox } from "../prepare/program_checks.ts";
import { MemberExecution } from "./member_execution.ts";
import type { Performed } from "./performed.ts";
import { afterChecks, type RunOutput } from "./run_output.ts";
import { outcomesOf } from "./outcomes.ts";
import { outlineOf } from "./outline.ts";
import { summariesOf } from "./summaries.ts";

/** A run's results, and what the manifest says about its models and data. */
interface RunOutcome {
  readonly results: Results;
  readonly members: readonly PreparedMember[];
}

/** Observes a run. */
interface RunObserver {
  /**
   * Called once the members that do not depend on others' results are ready to run; an error that it throws stops the
   * run before anything is written.
   */
  readonly ready?: (members: readonly PreparedMember[]) => Promise<void>;
  /** Called once everything except the results is written. */
  readonly done?: () => Promise<void>;
  /** Does the members' work on all devices of the run; what it computes goes into the store. */
  readonly spread?: (runContext: RunContext, members: readonly PreparedMember[]) => Promise<Performed>;
}

/** Runs all members of a pipeline and writes the results of each. */
export async function runPipeline(
  runContext: RunContext,
  pipeline: string,
  expansion: Expansion,
  folder: RunOutput,
  { ready, spread, done: allButResults }: RunObserver = {},
): Promise<RunOutcome> {
  const output = afterChecks(folder, () => runContext.store.checks.settled());
  const preparation = new Preparation(runContext), { emit } = runContext;
  if (expansion.goesOn) await rehearse(preparation, expansion);
  const members: PreparedMember[] = [], records: MemberRecord[] = [];
  const encodings = new Map<string, EncodeRecord>();
  const rounds = expansion.rounds(), awaited: Expected[] = [];
  let seconds = 0;
  for (let round = rounds.next(); !round.done;) {
    const prepared = await prepareAll(preparation, round.value);
    requireSandbox(prepared);
    requireJudges(prepared);
    preparation.tellNotes(expansion.notes);
    if (members.length === 0) await ready?.(prepared);
    await using running = new MemberExecution(runContext, output);
    await running.gather(prepared);
    // Nothing is written before the whole request is known to be valid.
    if (members.length === 0) await output.prepare();
    const { stages, encodings: encoding } = await running.expected(prepared), start = performance.now();
    const outlines = prepared.map((member) => outlineOf(member, stages));
    emit({ kind: "membersReady", members: outlines, encodeSeconds: totalOf([...encoding.values()]).seconds });
    awaited.push(...stages.values(), ...encoding.values());
    if (spread !== undefined) {
      // Members whose results are all in the store have no work to spread.
      const due = prepared.filter((member) => member.stages.some((stage) => stages.has(stage)));
      if (due.length > 0) running.performed = await spread(runContext, prepared);
    }
    running.announce(prepared.flatMap(({ stages }) => stages));
    const done: MemberRecord[] = [];
    for (const [at, member] of prepared.entries()) {
      const record = await running.run(member, { id: member.member.id, number: at + 1, of: prepared.length }, stages);
      done.push(record);
      emit({ kind: "memberDone", record });
    }
    seconds += (performance.now() - start) / 1000;
    members.push(...prepared);
    records.push(...done);
    for (const record of await running.encodings()) if (!encodings.has(record.key)) encodings.set(record.key, record);
    round = rounds.next(done);
  }
  const expected = totalOf(awaited), time = { seconds, expectedSeconds: expected.seconds, basis: expected.basis };
  const found = { pipeline, members: records, encode: [...encodings.values()], ...summariesOf(members, records) };
  const results = { ...found, time };
  await allButResults?.();
  await output.results(results);
  for (const outcome of outcomesOf(members, records)) noteTo(emit)(outcome);
  return { results, members };
}

async function prepareAll(preparation: Preparation, members: readonly Member[]): Promise<PreparedMember[]> {
  const prepared: PreparedMember[] = [];
  for (const member of members) prepared.push(await preparation.member(member));
  return prepared;
}

/**
 * Prepares all rounds as if the first members were the best, so that errors in later rounds are found before the first.
 */
async function rehearse(preparation: Preparation, { rounds }: Expansion): Promise<void> {
  const rehearsed = rounds();
  for (let round = rehearsed.next(); !round.done; round = rehearsed.next([])) {
    await prepareAll(preparation, round.value);
  }
}

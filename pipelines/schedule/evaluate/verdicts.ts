/** Answers run as programs against their problems' tests; verdicts are kept by the programs' digests. @module */
import type { RowList } from "../../common/row_list.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import type { ProgramsSettings } from "../../metrics/declared.ts";
import { keyOf, type Store } from "../../store/store.ts";
import { code } from "../../tasks/code.ts";
import { programOf, runAll } from "../../tasks/run_programs.ts";
import { sandbox, sandboxVersion, usualLimits } from "../../tasks/sandbox/sandbox.ts";
import { type ProgramVerdict, shownVerdict } from "../../tasks/sandbox/verdict.ts";
import type { CodeTask } from "../../tasks/task.ts";
import type { RunContext } from "../context/run_context.ts";
import { beginWork } from "../context/work.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";

/** The outcomes of the programs of an evaluation's rows. */
interface Judged {
  readonly found: readonly { readonly verdict: string }[];
  readonly cached: boolean;
}

/**
 * The outcome of running each row's answer. A program is run once, no matter how many rows, members or runs share it.
 */
export async function verdicts(
  runContext: RunContext,
  { name, rows }: Pick<PreparedEvaluation, "name" | "rows">,
  answers: RowList<{ readonly prediction?: string | number }>,
  { task, seconds }: ProgramsSettings,
): Promise<Judged> {
  const { store, emit } = runContext, limits = { ...usualLimits, seconds };
  const known: CodeTask = ownValue(code, task)!;
  const programs = rows.map(({ fields, place }, at) => {
    return programOf(known, { problem: fields, generation: String(answers.at(at)?.prediction ?? ""), place });
  });
  const keys = new Map<string, string>();
  for (const program of programs) {
    if (!keys.has(program)) keys.set(program, keyOf({ program, limits, by: sandboxVersion }));
  }
  const judged = new Map<string, ProgramVerdict>();
  for (const [program, key] of keys) {
    const kept = await keptVerdict(store, key);
    if (kept !== undefined) judged.set(program, kept);
  }
  const open = [...keys.keys()].filter((program) => !judged.has(program));
  if (open.length > 0) {
    const show = beginWork(emit, "execute", keys.size, name);
    if (judged.size > 0) show(judged.size, true);
    await runAll(open, sandbox(limits), async (program, verdict) => {
      await store.putJson("verdict", keys.get(program)!, verdict);
      judged.set(program, verdict);
      show(judged.size);
      await runContext.stopIfAsked();
    });
  }
  return {
    found: programs.map((program) => ({ verdict: shownVerdict(judged.get(program)!) })),
    cached: open.length === 0,
  };
}

async function keptVerdict(store: Store, key: string): Promise<ProgramVerdict | undefined> {
  return await store.getJson("verdict", key) as ProgramVerdict | undefined;
}

/** Answers run as programs against their problems' tests; verdicts are kept by the programs' digests. @module */
import { MadeRows, type RowList } from "../../common/row_list.ts";
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
  readonly found: RowList<{ readonly verdict: string }>;
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
  const programs = new MadeRows(rows.length, (at) => {
    const { fields, place } = rows.at(at)!;
    return programOf(known, { problem: fields, generation: String(answers.at(at)?.prediction ?? ""), place });
  });
  // Programs are long, and built again from their rows: only their keys are kept, each with its first row.
  const keys = new Map<string, { readonly at: number; readonly row: number }>(), ofRows = new Uint32Array(rows.length);
  let row = 0;
  for (const program of programs) {
    const key = keyOf({ program, limits, by: sandboxVersion });
    ofRows[row] = keys.getOrInsertComputed(key, () => ({ at: keys.size, row })).at;
    row++;
  }
  const found: (string | undefined)[] = [];
  for (const key of keys.keys()) {
    const kept = await keptVerdict(store, key);
    found.push(kept && shownVerdict(kept));
  }
  const open = [...keys].filter(([, { at }]) => found[at] === undefined);
  if (open.length > 0) {
    const show = beginWork(emit, "execute", keys.size, name);
    let done = keys.size - open.length;
    if (done > 0) show(done, true);
    const unknown = new MadeRows(open.length, (at) => programs.at(open[at]![1].row)!);
    await runAll(unknown, sandbox(limits), async (_, verdict, at) => {
      const [key, program] = open[at]!;
      await store.putJson("verdict", key, verdict);
      found[program.at] = shownVerdict(verdict);
      show(++done);
      await runContext.stopIfAsked();
    });
  }
  return {
    found: new MadeRows(rows.length, (row) => ({ verdict: found[ofRows[row]!]! })),
    cached: open.length === 0,
  };
}

async function keptVerdict(store: Store, key: string): Promise<ProgramVerdict | undefined> {
  return await store.getJson("verdict", key) as ProgramVerdict | undefined;
}

/**
 * The cost and speed of a job's programs: the job runs once more in this process, and every run of a session is
 * recorded with the extents of its inputs.
 *
 * @module
 */
import { join } from "node:path";
import { programFlops } from "../../ops/passes/cost.ts";
import { type Bindings, evaluateDimension, isSymbol } from "../../ops/program/dimension.ts";
import type { Program } from "../../ops/program/program.ts";
import { loadPipeline } from "../../pipelines/cli/requests/load_pipeline.ts";
import { RunFolder } from "../../pipelines/report/run_folder.ts";
import type { HostTensor, Session } from "../../pipelines/runtime/runtime.ts";
import { runPipeline } from "../../pipelines/schedule/run/run.ts";
import { RunContext } from "../../pipelines/schedule/context/run_context.ts";
import { Sessions } from "../../pipelines/schedule/context/sessions.ts";
import { type Limit, measureLimit } from "./limit.ts";
import { inFreshFolder } from "./refract.ts";
import { median, sum } from "./statistics.ts";
import { noting } from "../support/noting.ts";

/** One run of a program. */
interface ProgramRun {
  readonly program: Program;
  readonly extents: Bindings;
  /** Of the run's matrix products. */
  readonly flops: number;
  /** Time within the session. */
  readonly seconds: number;
}

/** The runs of one kind of program. */
export interface ProgramMeasure {
  readonly name: "encode" | "train";
  readonly runs: number;
  /** Floating-point operations of all runs' matrix products; a multiply-add counts two. */
  readonly flops: number;
  /** Total seconds within the session, over all runs. */
  readonly seconds: number;
  /** Operations a second: the median over the runs, the first (which maps the weights) omitted. */
  readonly rate: number;
  /** The runtime's rate for only the same matrix products, at the extents of a run of median size. */
  readonly limit?: Limit;
}

class RecordingSessions extends Sessions {
  readonly runs: ProgramRun[] = [];

  override async open(...[program, ...rest]: Parameters<Sessions["open"]>): Promise<Session> {
    const session = await super.open(program, ...rest);
    return {
      ...session,
      run: async (feeds) => {
        const extents = extentsOf(session, feeds);
        const result = await session.run(feeds);
        const flops = evaluateDimension(programFlops(program).matmul, extents);
        this.runs.push({ program, extents, flops, seconds: result.seconds });
        return result;
      },
    };
  }
}

class RecordingContext extends RunContext {
  override readonly sessions = new RecordingSessions(this.provider, this.threads);
}

function extentsOf({ model }: Session, feeds: Readonly<Record<string, HostTensor>>): Bindings {
  const pairs = model.fed.flatMap(({ name, shape }) =>
    shape.flatMap((dimension, axis) => isSymbol(dimension) ? [[dimension, feeds[name]?.shape[axis] ?? 0] as const] : [])
  );
  return Object.fromEntries(pairs);
}

const kinds = { encode: ["prefix", "encode"], train: ["train", "accumulate"] } as const;

/** Measures the programs of a pipeline. */
export async function analyse(
  pipelineFile: string,
  { threads, scratch, limit }: { readonly threads: number; readonly scratch: string; readonly limit: boolean },
): Promise<ProgramMeasure[]> {
  return await inFreshFolder(scratch, async (folder) => {
    const { pipeline, base, expansion } = await loadPipeline(pipelineFile, new Map());
    const emit = noting(console.error);
    const store = join(folder, "store");
    await using runContext = new RecordingContext({ base, store, provider: "cpu", threads, emit });
    const { members: prepared } = await runPipeline(
      runContext,
      pipeline.name,
      expansion,
      new RunFolder(join(folder, "out")),
    );
    const model = prepared[0]?.stages[0]?.model;
    if (model === undefined) throw new TypeError("Expected a member with a stage");
    const weights = await runContext.models.weights(model);
    const measures: ProgramMeasure[] = [];
    for (const [name, programs] of Object.entries(kinds) as [keyof typeof kinds, readonly string[]][]) {
      const runs = runContext.sessions.runs.filter(({ program }) => programs.includes(program.name));
      if (runs.length === 0) continue;
      const middling = [...runs].sort((a, b) => a.flops - b.flops)[runs.length >> 1] as ProgramRun;
      measures.push({
        name,
        runs: runs.length,
        flops: sum(runs.map(({ flops }) => flops)),
        seconds: sum(runs.map(({ seconds }) => seconds)),
        rate: median((runs.length === 1 ? runs : runs.slice(1)).map(({ flops, seconds }) => flops / seconds)),
        ...(limit ? { limit: await measureLimit(middling.program, middling.extents, weights, threads) } : {}),
      });
    }
    return measures;
  });
}

/** A run in this process whose sessions are watched. @module */
import { join } from "node:path";
import type { Emit } from "../../pipelines/results/events.ts";
import { RunFolder } from "../../pipelines/report/run_folder.ts";
import type { Session } from "../../pipelines/runtime/runtime.ts";
import { RunContext, type RunContextOptions } from "../../pipelines/schedule/context/run_context.ts";
import { Sessions } from "../../pipelines/schedule/context/sessions.ts";
import { expand } from "../../pipelines/schedule/expand/expand.ts";
import { runPipeline } from "../../pipelines/schedule/run/run.ts";
import type { Pipeline } from "../../pipelines/spec/mod.ts";

/** The result of one run of a session. */
type SessionResult = Awaited<ReturnType<Session["run"]>>;

/** The callbacks of a watched run. */
export interface Watch {
  /** Called instead of each run of a program's session, which it has to start. */
  readonly run: (program: string, start: () => Promise<SessionResult>) => Promise<SessionResult>;
  readonly emit: Emit;
}

class WatchedSessions extends Sessions {
  readonly #watch: Watch;

  constructor({ provider, threads }: RunContextOptions, watch: Watch) {
    super(provider, threads);
    this.#watch = watch;
  }

  override async open(...[program, ...rest]: Parameters<Sessions["open"]>): Promise<Session> {
    const session = await super.open(program, ...rest);
    return { ...session, run: (...given) => this.#watch.run(program.name, () => session.run(...given)) };
  }
}

class WatchedContext extends RunContext {
  override readonly sessions: Sessions;
  override readonly devices: readonly Sessions[];

  constructor(options: RunContextOptions, watch: Watch) {
    super(options);
    this.sessions = new WatchedSessions(options, watch);
    this.devices = [this.sessions];
  }
}

/** Runs a pipeline with a separate store below a folder. */
export async function watchedRun(declared: Pipeline, folder: string, watch: Watch): Promise<void> {
  const store = join(folder, "store"), { emit } = watch;
  await using runContext = new WatchedContext({ base: folder, store, provider: "cpu", threads: 2, emit }, watch);
  await runPipeline(runContext, declared.name, expand(declared), new RunFolder(join(folder, "out")));
}

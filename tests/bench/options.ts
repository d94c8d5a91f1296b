/** Parses the command line. @module */
import { oneWordOf, optionValues, wholeNumber } from "./arguments.ts";
import { mostNewTokens } from "./generation.ts";
import { type Job, jobs, shortened } from "./jobs.ts";

/** The requested measurement. */
export interface Options {
  readonly jobs: readonly Job[];
  /** The most tokens generated for a prompt; absent if generation is not measured. */
  readonly newTokens?: number;
  /** Whether the results become the record, replace their part of it, or are only shown. */
  readonly keep: "all" | "part" | "nothing";
  readonly threads: number;
  readonly runs: number;
  readonly out?: string;
}

const generation = "generation";

/** Reads the command line. */
export function parseOptions(): Options {
  const values = optionValues({
    only: { type: "string" },
    steps: { type: "string" },
    threads: { type: "string", default: "2" },
    runs: { type: "string", default: "2" },
    "all-peers": { type: "boolean", default: false },
    out: { type: "string" },
  });
  const { only } = values;
  if (only !== undefined) oneWordOf("job", only, [...jobs.map(({ name }) => name), generation]);
  const chosen = only === undefined ? jobs : jobs.filter(({ name }) => name === only);
  const writes = only === undefined || only === generation;
  const steps = values.steps === undefined ? undefined : wholeNumber("--steps", values.steps);
  return {
    jobs: chosen.map((job) => (steps === undefined ? job : shortened(job, steps)))
      .map((job) => (values["all-peers"] ? { ...job, peerSettings: job.settings.map((_, at) => at) } : job)),
    ...(writes ? { newTokens: steps ?? mostNewTokens } : {}),
    keep: steps !== undefined ? "nothing" : only === undefined ? "all" : "part",
    threads: wholeNumber("--threads", values.threads),
    runs: wholeNumber("--runs", values.runs),
    ...(values.out === undefined ? {} : { out: values.out }),
  };
}

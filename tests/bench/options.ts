/** Parses the command line. @module */
import { parseArgs } from "node:util";
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

/**
 * Reads the command line.
 *
 * @throws {TypeError} If there is no such job, or an option is not a number.
 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      steps: { type: "string" },
      threads: { type: "string", default: "2" },
      runs: { type: "string", default: "2" },
      "all-peers": { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const { only } = values;
  const chosen = only === undefined ? jobs : jobs.filter(({ name }) => name === only);
  const writes = only === undefined || only === generation;
  if (chosen.length === 0 && !writes) {
    const names = [...jobs.map(({ name }) => name), generation].join(", ");
    throw new TypeError(`There is no job ${only}; give one of ${names}`);
  }
  const steps = values.steps === undefined ? undefined : wholeNumber("steps", values.steps);
  return {
    jobs: chosen.map((job) => (steps === undefined ? job : shortened(job, steps)))
      .map((job) => (values["all-peers"] ? { ...job, peerSettings: job.settings.map((_, at) => at) } : job)),
    ...(writes ? { newTokens: steps ?? mostNewTokens } : {}),
    keep: steps !== undefined ? "nothing" : only === undefined ? "all" : "part",
    threads: wholeNumber("threads", values.threads),
    runs: wholeNumber("runs", values.runs),
    ...(values.out === undefined ? {} : { out: values.out }),
  };
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new TypeError(`--${name} ${text} is not a whole number of at least 1`);
  }
  return number;
}

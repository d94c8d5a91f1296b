/**
 * Refract against pyreft: the same trainings on one machine in one go, from the same initial values, with as many threads.
 *
 *     deno task bench [--only <job>] [--steps <n>] [--threads 2] [--runs 2] [--all-peers] [--out <file.json>]
 *
 * A full bench writes results.json beside this file and the tables into README.md, between its markers. With `--only` or
 * `--steps` (trainings of about so many steps, to see that all works) it prints the tables alone. `--all-peers` has pyreft
 * train all members of the sweep. REFRACT_PEER_PYTHON names a Python that has the peer's packages; without it a virtual
 * environment is made. A full bench takes a quarter of an hour.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openModel } from "../../pipelines/models/model.ts";
import { runtimeVersion } from "../../pipelines/schedule/workshop.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { root, runCommand } from "./command.ts";
import { type Job, jobs, shortened } from "./jobs.ts";
import { measureJob } from "./measure.ts";
import { peerPython, runPython } from "./peer.ts";
import { cacheSources } from "./refract.ts";
import { formatReport, insertReport } from "./report.ts";
import type { BenchResults, JobResult } from "./results.ts";

/** What is asked for. */
interface Options {
  readonly jobs: readonly Job[];
  /** Whether it is the whole bench, whose results are kept. */
  readonly whole: boolean;
  readonly threads: number;
  readonly runs: number;
  readonly out?: string;
}

function parseOptions(args: readonly string[]): Options {
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
  const chosen = values.only === undefined ? jobs : jobs.filter(({ name }) => name === values.only);
  if (chosen.length === 0) throw new TypeError(`There is no job ${values.only}; give one of ${names(jobs)}`);
  const steps = values.steps === undefined ? undefined : wholeNumber("steps", values.steps);
  return {
    jobs: chosen.map((job) => (steps === undefined ? job : shortened(job, steps)))
      .map((job) => (values["all-peers"] ? { ...job, peerSettings: job.settings.map((_, at) => at) } : job)),
    whole: values.only === undefined && steps === undefined,
    threads: wholeNumber("threads", values.threads),
    runs: wholeNumber("runs", values.runs),
    ...(values.out === undefined ? {} : { out: values.out }),
  };
}

function names(listed: readonly Job[]): string {
  return listed.map(({ name }) => name).join(", ");
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new TypeError(`--${name} ${text} is no whole number from 1 on`);
  }
  return number;
}

/** Measures what is asked for; undefined where ../shared is absent. */
async function bench(options: Options): Promise<BenchResults | undefined> {
  const shared = sharedFolder();
  if (shared === undefined) return undefined;
  const model = await openModel(await smollm2Folder(shared), { base: root });
  const python = await peerPython(shared);
  const { threads, runs } = options;
  await cacheSources();
  const scratch = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract-bench-" }));
  try {
    const results: JobResult[] = [];
    for (const job of options.jobs) {
      results.push(await measureJob(job, { shared, model, python, threads, runs, scratch }));
    }
    return { machine: await describeMachine(python), threads, runs, jobs: results };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function describeMachine(python: string): Promise<BenchResults["machine"]> {
  const script = fileURLToPath(new URL("./describe_machine.py", import.meta.url));
  const { stdout } = await runPython(python, [script]);
  const [runtime, version] = runtimeVersion.split(" ");
  return { ...JSON.parse(stdout), deno: Deno.version.deno, [runtime as string]: version };
}

/** Seven digits are more than any of these numbers mean. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(7)) : value;
}

async function write(results: BenchResults, path: string): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(results, rounded, 2) + "\n");
}

const options = parseOptions(Deno.args);
const results = await bench(options);
if (results !== undefined) {
  const report = formatReport(results);
  console.log(report);
  if (options.out !== undefined) await write(results, options.out);
  if (options.whole) {
    const path = fileURLToPath(new URL("./results.json", import.meta.url)), readme = join(root, "README.md");
    await write(results, path);
    await Deno.writeTextFile(readme, insertReport(await Deno.readTextFile(readme), report));
    await runCommand(Deno.execPath(), ["fmt", "--quiet", path, readme]);
  }
}

/**
 * Refract against pyreft, peft and transformers: the same trainings on one machine in one session, from the same
 * initial values and with the same number of threads; then the generation speed of both sides.
 *
 *     deno task bench [--only <job>] [--steps <n>] [--threads 2] [--runs 2] [--all-peers] [--out <file.json>]
 *
 * A full bench writes results.json and the tables of README.md, both next to this file. With `--only`
 * (a job's name, or `generation`) it replaces that part of both, if the rest was measured under the same conditions.
 * With `--steps` (about that many training steps and generated tokens, to check that all works) it only prints the
 * tables. `--all-peers` has pyreft train all members of the sweep. REFRACT_PEER_PYTHON names a Python that has the
 * peer's packages; without it a virtual environment is made. A full bench takes half an hour.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { openModel } from "../../pipelines/models/open/model.ts";
import { runtimeVersion } from "../../pipelines/schedule/context/run_context.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { root } from "./command.ts";
import { measureGeneration } from "./generation.ts";
import { type Bench, measureJob } from "./measure.ts";
import { type Options, parseOptions } from "./options.ts";
import { peerPython, runPython } from "./peer.ts";
import { type Conditions, differenceOf, keepRecord, readRecord, withPart, writeResults } from "./record.ts";
import { cacheSources } from "./refract.ts";
import { formatReport } from "./report.ts";
import type { BenchResults, JobResult } from "./results.ts";

/** Measures and prints the requested parts, and stores the results if requested and possible. */
async function main(options: Options): Promise<void> {
  const shared = sharedFolder();
  if (shared === undefined) return;
  const { threads, runs } = options;
  const python = await peerPython(shared);
  const conditions = { machine: await describeMachine(python), threads, runs };
  const recorded = options.keep === "part" ? await readRecord() : undefined;
  const difference = options.keep === "part" ? differenceOf(recorded, conditions) : undefined;
  // Reported before any time is spent.
  if (difference !== undefined) console.error(`error: results are shown, not kept, as ${difference}; run a full bench`);

  const results = await measure(options, conditions, { shared, python });
  console.log(formatReport(results));
  if (options.out !== undefined) await writeResults(results, options.out);
  if (options.keep === "all") await keepRecord(results);
  else if (recorded !== undefined && difference === undefined) await keepRecord(withPart(recorded, results));
}

async function measure(
  { jobs, newTokens }: Options,
  conditions: Conditions,
  places: Pick<Bench, "shared" | "python">,
): Promise<BenchResults> {
  const model = await openModel(await smollm2Folder(places.shared), { base: root });
  await cacheSources();
  const scratch = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract-bench-" }));
  const { threads, runs } = conditions, bench: Bench = { ...places, model, threads, runs, scratch };
  try {
    const results: JobResult[] = [];
    for (const job of jobs) results.push(await measureJob(job, bench));
    const generation = newTokens === undefined ? {} : { generation: await measureGeneration(newTokens, bench) };
    return { ...conditions, jobs: results, ...generation };
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

await main(parseOptions());

/** The stored results: results.json next to this file, and their tables in README.md. @module */
import { fileURLToPath } from "node:url";
import { runCommand } from "./command.ts";
import { jobs } from "./jobs.ts";
import { formatReport, insertReport } from "./report.ts";
import type { BenchResults } from "./results.ts";

const path = fileURLToPath(new URL("./results.json", import.meta.url));

/** The conditions common to all results of a record. */
export type Conditions = Pick<BenchResults, "machine" | "threads" | "runs">;

/** The record; undefined if there is none. */
export async function readRecord(): Promise<BenchResults | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (fault) {
    if (fault instanceof Deno.errors.NotFound) return undefined;
    throw fault;
  }
}

/**
 * The reason why a new measurement cannot be combined with the rest of a record; undefined if it can. Facts about the
 * machine that the record lacks are assumed to be the same.
 */
export function differenceOf(recorded: BenchResults | undefined, now: Conditions): string | undefined {
  if (recorded === undefined) return "there is no record";
  const { machine, threads, runs } = recorded;
  const found: Readonly<Record<string, string | number>> = { ...now.machine, threads: now.threads, runs: now.runs };
  const differences = Object.entries({ ...machine, threads, runs }).filter(([name, value]) => found[name] !== value)
    .map(([name, value]) => `${name} ${found[name]} in place of ${value}`);
  return differences.length === 0 ? undefined : `the record was made with other conditions: ${differences.join(", ")}`;
}

/** A record with the measured parts replaced, in the order of the jobs' table. */
export function withPart(recorded: BenchResults, measured: BenchResults): BenchResults {
  const results = new Map([...recorded.jobs, ...measured.jobs].map((result) => [result.name, result]));
  return { ...recorded, ...measured, jobs: jobs.flatMap(({ name }) => results.get(name) ?? []) };
}

/** Stores results as the record, and writes their tables into the README. */
export async function keepRecord(results: BenchResults): Promise<void> {
  const readme = fileURLToPath(new URL("./README.md", import.meta.url));
  await writeResults(results, path);
  await Deno.writeTextFile(readme, insertReport(await Deno.readTextFile(readme), formatReport(results)));
  await runCommand(Deno.execPath(), ["fmt", "--quiet", path, readme]);
}

/** Writes results to a file. */
export async function writeResults(results: BenchResults, path: string): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(results, rounded, 2) + "\n");
}

/** Rounds to seven digits, more than any of these numbers has significant ones. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(7)) : value;
}

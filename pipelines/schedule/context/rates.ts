/**
 * How fast this machine did what a store holds, by the shape of the model and the size of a run, so that plans and
 * progress can estimate the time left.
 *
 * @module
 */
import { join } from "node:path";
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { DiskError } from "../../common/errors.ts";
import { isJsonObject, readFileIfPresent, writeAtomically } from "../../common/files.ts";
import type { RunContext } from "./run_context.ts";

/**
 * What is measured separately: an untrained model writes longer answers than one that has learned to end them, and
 * another member's answers need no programs to be opened and no prompts to be encoded.
 */
type WorkKind = "encode" | "train" | "evaluate" | "evaluateAgain" | "evaluateBase" | "activations";

/** What stands for a kind that has not been measured. */
const standIns: Readonly<Partial<Record<WorkKind, WorkKind>>> = { evaluateAgain: "evaluate" };

/** A number of similar runs of a program. */
export interface Work {
  readonly kind: WorkKind;
  /** The dimensions of a model that determine its speed. */
  readonly shape: string;
  /** What else determines it, such as the edits: runs that are the same in this are preferred; `""` if nothing. */
  readonly detail: string;
  /** Steps, batches, or tokens that a batch generates. */
  readonly runs: number;
  /** Floating-point operations of all runs together. */
  readonly flops: number;
}

/**
 * Where an estimate comes from: runs of this model's shape, runs of other models of about this size, or an assumed
 * speed.
 */
export type Basis = "model" | "machine" | "assumed";

/** How long work is expected to take. */
export interface Expected {
  readonly seconds: number;
  readonly basis: Basis;
}

/** How long a run took, and the seconds before the first one. */
interface Measurement {
  readonly shape: string;
  readonly detail: string;
  /** Per run. */
  readonly flops: number;
  readonly seconds: number;
  readonly start: number;
}

/**
 * Roughly what a machine with two cores reaches, and the overhead of a run, for machines that have no measurements yet.
 */
const assumed = { flopsPerSecond: 5e10, overhead: 1e-3 };

/** Runs that differ in size by more than this factor say nothing about each other. */
const reach = 16;

/** Runs that differ in size by less than this factor share a measurement. */
const alike = 1.25;

/** The number of measurements kept for each kind. */
const mostKept = 64;

/** Where rates are kept, and for which machine. */
type RateContext = Pick<RunContext, "store" | "machine">;

type Kept = Readonly<Partial<Record<WorkKind, readonly Measurement[]>>>;

const fileOf = ({ store }: RateContext) => join(store.folder, "rates.json");

function machineName({ machine }: RateContext): string {
  return [...machine, system.build.arch, `${navigator.hardwareConcurrency} cores`].join(" ");
}

async function readAll(runContext: RateContext): Promise<Readonly<Record<string, unknown>>> {
  try {
    const bytes = await readFileIfPresent(fileOf(runContext));
    const found: unknown = bytes === undefined ? {} : JSON.parse(new TextDecoder().decode(bytes));
    return isJsonObject(found) ? found : {};
  } catch {
    // It only serves estimates, and the next run writes it again.
    return {};
  }
}

/** What a machine has measured. */
export class Rates {
  readonly #kept: Kept;

  private constructor(kept: Kept) {
    this.#kept = kept;
  }

  /** Those of this machine with this number of threads. */
  static async read(runContext: RateContext): Promise<Rates> {
    return new Rates(keptOf(await readAll(runContext), machineName(runContext)));
  }

  /** How long some work is expected to take. */
  expected(work: Work): Expected {
    const { kind, shape, detail, runs, flops } = work, standIn = standIns[kind];
    if (standIn !== undefined && !measured(this.#kept, kind).some((other) => other.shape === shape)) {
      return this.expected({ ...work, kind: standIn });
    }
    if (runs === 0) return { seconds: 0, basis: "model" };
    const each = flops / runs,
      near = measured(this.#kept, kind).filter((other) => distance(other.flops, each) <= reach);
    const own = near.filter((other) => other.shape === shape), same = own.filter((other) => other.detail === detail);
    const [basis, found] = own.length > 0
      ? ["model" as const, same.length > 0 ? same : own]
      : ["machine" as const, near];
    if (found.length === 0) {
      return { seconds: runs * assumed.overhead + flops / assumed.flopsPerSecond, basis: "assumed" };
    }
    const nearest = found.toSorted((one, other) => distance(one.flops, each) - distance(other.flops, each))[0]!;
    return { seconds: nearest.start + runs * between(found, each), basis };
  }
}

/** The valid measurements in a file that anyone may have written. */
function keptOf(all: Readonly<Record<string, unknown>>, machine: string): Kept {
  const kinds = ownValue(all, machine);
  if (!isJsonObject(kinds)) return {};
  // An earlier version stored a number.
  const lists = Object.entries(kinds).map(([kind, list]) => {
    return [kind, Array.isArray(list) ? list.filter(isMeasurement) : []];
  });
  return Object.fromEntries(lists);
}

function isMeasurement(value: unknown): value is Measurement {
  if (!isJsonObject(value) || typeof value["shape"] !== "string" || typeof value["detail"] !== "string") return false;
  const { flops, seconds, start } = value, isPositive = (number: unknown) => typeof number === "number" && number > 0;
  return isPositive(flops) && isPositive(seconds) && (start === 0 || isPositive(start));
}

function measured(kept: Kept, kind: WorkKind): readonly Measurement[] {
  return kept[kind] ?? [];
}

function distance(one: number, other: number): number {
  return one === other ? 1 : Math.max(one / other, other / one);
}

/** The seconds of a run, interpolated between the next smaller and the next larger run as a power of its size. */
function between(found: readonly Measurement[], flops: number): number {
  const sorted = found.toSorted((one, other) => one.flops - other.flops);
  const below = sorted.findLast((other) => other.flops <= flops), above = sorted.find((other) => other.flops > flops);
  if (below === undefined || above === undefined) {
    const { flops: known, seconds } = (below ?? above)!;
    return seconds * flops / known;
  }
  const share = Math.log(flops / below.flops) / Math.log(above.flops / below.flops);
  return below.seconds ** (1 - share) * above.seconds ** share;
}

/**
 * Records how long work took; earlier measurements of similar work keep half of the weight. If the disk refuses, the
 * old record stays.
 *
 * @param seconds For all runs.
 * @param start The seconds before the first run.
 */
export async function noteRate(
  runContext: RateContext,
  { kind, shape, detail, runs, flops }: Work,
  seconds: number,
  start = 0,
): Promise<void> {
  if (!(flops > 0 && seconds > 0 && runs > 0 && start >= 0)) return;
  const all = await readAll(runContext), name = machineName(runContext), kept = keptOf(all, name);
  const own = { shape, detail, flops: flops / runs, seconds: seconds / runs, start };
  const isAlike = (other: Measurement) => {
    return other.shape === shape && other.detail === detail && distance(other.flops, own.flops) <= alike;
  };
  const before = measured(kept, kind).find(isAlike), mean = (one: number, other: number) => (one + other) / 2;
  const noted = before === undefined ? own : {
    shape,
    detail,
    flops: mean(own.flops, before.flops),
    seconds: mean(own.seconds, before.seconds),
    start: mean(own.start, before.start),
  };
  const others = measured(kept, kind).filter((other) => !isAlike(other));
  const text = JSON.stringify({ ...all, [name]: { ...kept, [kind]: [...others, noted].slice(-mostKept) } });
  await writeAtomically(fileOf(runContext), [new TextEncoder().encode(`${text}\n`)]).catch((fault: unknown) => {
    if (!(fault instanceof DiskError)) throw fault;
  });
}

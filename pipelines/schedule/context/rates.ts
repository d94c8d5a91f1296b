/** How fast this machine has run what a store holds, so that a plan can say how long a run will take. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import { readFileIfPresent, writeAtomically } from "../../common/files.ts";
import type { RunContext } from "./run_context.ts";

/** What is measured apart. */
type RatedStage = "encode" | "train";

/** Floating-point operations a second. */
export type Rates = Readonly<Partial<Record<RatedStage, number>>>;

/** What a machine of two cores reaches about, for those that have measured nothing yet. */
export const assumedRate = 5e10;

/** Where rates are kept, and for which machine. */
type RateContext = Pick<RunContext, "store" | "machine">;

type Named = Readonly<Record<string, Rates>>;

function fileOf({ store }: RateContext): string {
  return join(store.folder, "rates.json");
}

function machineName({ machine }: RateContext): string {
  return machine.join(" ");
}

async function readAll(runContext: RateContext): Promise<Named> {
  const bytes = await readFileIfPresent(fileOf(runContext));
  try {
    return bytes === undefined ? {} : JSON.parse(new TextDecoder().decode(bytes)) as Named;
  } catch {
    // Only estimates are made of it, and the next run writes it anew.
    return {};
  }
}

/** The rates that were measured on this machine with these threads. */
export async function ratesOf(runContext: RateContext): Promise<Rates> {
  return ownValue(await readAll(runContext), machineName(runContext)) ?? {};
}

/** Takes down what a stage reached; half of it is what was reached before. */
export async function noteRate(
  runContext: RateContext,
  stage: RatedStage,
  flops: number,
  seconds: number,
): Promise<void> {
  if (!(flops > 0 && seconds > 0)) return;
  const all = await readAll(runContext), name = machineName(runContext), rate = flops / seconds;
  const before = ownValue(all, name)?.[stage] ?? rate;
  const text =
    JSON.stringify({ ...all, [name]: { ...ownValue(all, name), [stage]: Math.round((rate + before) / 2) } }) + "\n";
  await writeAtomically(fileOf(runContext), [new TextEncoder().encode(text)]);
}

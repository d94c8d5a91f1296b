/** How fast this machine has run what a store holds, so that a plan can say how long a run will take. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import { DiskError } from "../../common/errors.ts";
import { isJsonObject, readFileIfPresent, writeAtomically } from "../../common/files.ts";
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
  try {
    const bytes = await readFileIfPresent(fileOf(runContext));
    return soundRates(bytes === undefined ? {} : JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // Only estimates are made of it, and the next run writes it anew.
    return {};
  }
}

/** Of what a file holds that anybody may have written, the rates that can be some. */
function soundRates(value: unknown): Named {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([machine, rates]) => {
      const sound = isJsonObject(rates)
        ? Object.entries(rates).filter(([_, rate]) => typeof rate === "number" && rate > 0)
        : [];
      return [machine, Object.fromEntries(sound) as Rates];
    }),
  );
}

/** The rates that were measured on this machine with these threads. */
export async function ratesOf(runContext: RateContext): Promise<Rates> {
  return ownValue(await readAll(runContext), machineName(runContext)) ?? {};
}

/** Takes down what a stage reached; half of it is what was reached before. A disk that refuses keeps what it has. */
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
  await writeAtomically(fileOf(runContext), [new TextEncoder().encode(text)]).catch((fault: unknown) => {
    if (!(fault instanceof DiskError)) throw fault;
  });
}

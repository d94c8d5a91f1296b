/** A workflow's plan on disk: what each of its units needs to know, on whichever machine it runs. @module */
import { join } from "node:path";
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { isFolder, isJsonObject, type JsonObject, parseJsonObject, readFileIfPresent } from "../common/files.ts";
import type { Provider } from "../../ops/onnx/model.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { Unit } from "../schedule/units/unit.ts";

/** What must be equal on all machines, so that one finds in the store what another computed. */
export interface Versions {
  /** A digest of the code that computes. */
  readonly refract: string;
  readonly runtime: string;
}

/** A run split into units. */
export interface WorkPlan {
  readonly pipeline: string;
  /** The pipeline or recipe, an absolute path. */
  readonly file: string;
  /** The values of `--set`. */
  readonly set: Readonly<Record<string, readonly string[]>>;
  /** An absolute path. */
  readonly store: string;
  readonly threads: number;
  readonly provider: Provider;
  readonly budgets: Readonly<Partial<Record<"cacheDisk" | "cacheMemory" | "activationMemory" | "memory", number>>>;
  readonly versions: Versions;
  /** The processor that it was made on; another may round differently. */
  readonly processor: string;
  /** The factor between predicted seconds and bytes and what a unit may take. */
  readonly margin: number;
  readonly units: readonly Unit[];
}

/** The file's name in the workflow's folder. */
export const planFile = "plan.json";

const again = "write it again with deno task workflow";

/**
 * Reads a plan.
 *
 * @param file Absolute; or the workflow's folder.
 * @throws {RequestError} If it is not a plan.
 */
export async function readWorkPlan(file: string): Promise<WorkPlan> {
  const path = await isFolder(file) ? join(file, planFile) : file, bytes = await readFileIfPresent(path);
  if (bytes === undefined) throw new RequestError("there is no such plan; check the path", { file: path });
  const found = parseJsonObject(bytes, path, again);
  if (!isWorkPlan(found)) throw new RequestError(`is not the plan of a workflow; ${again}`, { file: path });
  return found;
}

function isWorkPlan(found: JsonObject): found is JsonObject & WorkPlan {
  const { file, store, threads, units, versions } = found;
  return typeof file === "string" && typeof store === "string" && typeof threads === "number" &&
    isJsonObject(versions) && Array.isArray(units) && units.every(isUnit);
}

function isUnit(found: unknown): found is Unit {
  const lists = ["members", "among", "stages", "needs"];
  return isJsonObject(found) && typeof found["id"] === "string" &&
    lists.every((name) => Array.isArray(ownValue(found, name)));
}

/**
 * A unit of a plan by its id, or by its number, from 0.
 *
 * @throws {RequestError} If the plan does not have it.
 */
export function unitOf({ units }: WorkPlan, id: string): Unit {
  const found = units.find((unit) => unit.id === id) ?? (/^\d+$/.test(id) ? units[Number(id)] : undefined);
  if (found !== undefined) return found;
  throw new RequestError(`the plan has no unit ${quote(id)}; ${suggest(id, units.map((unit) => unit.id))}`);
}

/** The limits of units: the predictions times the plan's margin. */
export function limitsOf({ margin, threads }: WorkPlan, units: readonly Unit[]) {
  const most = (of: (unit: Unit) => number) => units.reduce((largest, unit) => Math.max(largest, of(unit)), 0);
  return {
    megabytes: Math.ceil(margin * most(({ memory }) => memory) / 1e6),
    minutes: Math.max(leastMinutes, Math.ceil(margin * most(({ seconds }) => seconds) / 60)),
    threads,
  };
}

/** Starting and reading the rows is not in the predictions, and may take this long if the machine is busy. */
const leastMinutes = 10;

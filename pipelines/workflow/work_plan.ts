/** A workflow's plan on disk: what each of its units needs to know, on whichever machine it runs. @module */
import { isAbsolute, join } from "node:path";
import type { Provider } from "../../ops/onnx/model.ts";
import { providers } from "../../ops/onnx/providers.ts";
import { ownValue } from "../../ops/program/own_value.ts";
import { among, amount, type Fields, from, isText, leaf, listOf, oneOf, optional, record } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import { isFolder, isJsonObject, type JsonObject, parseJsonObject, readFileIfPresent } from "../common/files.ts";
import { mapRecord } from "../common/map_record.ts";
import { quote, suggest } from "../common/suggest.ts";
import { isThreadCount, threadCounts } from "../recipes/recipe.ts";
import type { Unit, UnitKind } from "../schedule/units/unit.ts";

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
  /** The digest of that file, which shows whether it was changed later. */
  readonly digest: string;
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

/** How a budget without a limit is written: JSON has no infinity. */
const unlimited = "unlimited";

/** A plan as the text of its file. */
export function workPlanText(plan: WorkPlan): string {
  return `${JSON.stringify(plan, (_, value) => value === Infinity ? unlimited : value, 1)}\n`;
}

/**
 * Reads a plan.
 *
 * @param file Absolute; or the workflow's folder.
 * @param requireSame Called before all of the plan is checked: one of another version may have other fields.
 * @throws {RequestError} If it is not a plan, or its units contradict each other.
 */
export async function readWorkPlan(
  file: string,
  requireSame: (made: Pick<WorkPlan, "versions" | "processor">) => void,
): Promise<WorkPlan> {
  const path = await isFolder(file) ? join(file, planFile) : file, bytes = await readFileIfPresent(path);
  if (bytes === undefined) throw new RequestError("there is no such plan; check the path", { file: path });
  const found = parseJsonObject(bytes, path, again);
  try {
    requireMade(found);
  } catch (fault) {
    throw notAPlan(fault, path);
  }
  requireSame(found);
  try {
    requirePlan(found);
    return { ...found, budgets: mapRecord(found.budgets, (bytes) => bytes === unlimited ? Infinity : bytes) };
  } catch (fault) {
    throw notAPlan(fault, path);
  }
}

function notAPlan(fault: unknown, file: string): unknown {
  if (!(fault instanceof RequestError)) return fault;
  return new RequestError(`is not the plan of a workflow (${fault.problem}); ${again}`, { file }).causedBy(fault);
}

const given = leaf("a text", (value) => isText(value) && value !== "");
const path = leaf("an absolute path", (value) => typeof value === "string" && isAbsolute(value));
const texts = leaf("a list of texts", (value) => Array.isArray(value) && value.every(isText));
const isCount = (value: unknown, least: number): value is number => Number.isSafeInteger(value) && from(least)(value);

const versions = record("versions", { refract: given, runtime: given } satisfies Fields<Versions>);

const budget = optional(leaf("a number of bytes", (value) => value === unlimited || from(0)(value)));

const part = leaf("a shard, or how many there are", (value) => {
  if (!isJsonObject(value)) return isCount(value, 2);
  const { number, of } = value;
  return isCount(of, 2) && isCount(number, 0) && number < of;
});

const unit: Fields<Unit> = {
  id: leaf("an id, as in train-1", (value) => typeof value === "string" && /^\w[\w-]*$/.test(value)),
  members: texts,
  among: texts,
  stages: texts,
  needs: texts,
  memory: amount,
  seconds: amount,
  part: optional(part),
};

const kinds = { encode: unit, train: unit, evaluate: unit, report: unit } satisfies Record<UnitKind, Fields<Unit>>;

const fields: Fields<WorkPlan> = {
  pipeline: given,
  file: path,
  digest: given,
  set: leaf("lists of texts by name", (value) => {
    return isJsonObject(value) && Object.values(value).every((each) => Array.isArray(each) && each.every(isText));
  }),
  store: path,
  threads: leaf(threadCounts, isThreadCount),
  provider: oneOf(providers),
  budgets: record("budgets", { cacheDisk: budget, cacheMemory: budget, activationMemory: budget, memory: budget }),
  versions,
  processor: given,
  margin: leaf("a factor of at least 1", from(1)),
  units: listOf("a list of units", among("a unit", kinds)),
};

const whole = record("a plan", { ...fields });

/** A plan as it is written. */
type Written = Omit<WorkPlan, "budgets"> & {
  readonly budgets: Readonly<Partial<Record<keyof WorkPlan["budgets"], number | typeof unlimited>>>;
};

function requireMade(found: JsonObject): asserts found is JsonObject & Pick<WorkPlan, "versions" | "processor"> {
  versions(ownValue(found, "versions"), "versions");
  given(ownValue(found, "processor"), "processor");
}

/** @throws {RequestError} If it is not a plan. */
function requirePlan(found: JsonObject): asserts found is JsonObject & Written {
  whole(found, "the plan");
  const units = found["units"] as readonly Unit[], before = new Set<string>();
  for (const { id, members, among, needs } of units) {
    const need = needs.find((each) => !before.has(each)), member = members.find((each) => !among.includes(each));
    if (before.has(id)) throw new RequestError(`it has two units ${quote(id)}`);
    if (need !== undefined) throw new RequestError(`no unit before ${quote(id)} is ${quote(need)}, which it needs`);
    if (member !== undefined) {
      throw new RequestError(`${quote(id)} is for ${quote(member)}, which is not among its members`);
    }
    before.add(id);
  }
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

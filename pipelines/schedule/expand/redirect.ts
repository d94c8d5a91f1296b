/**
 * Members with other data and base models than those in the pipeline.
 *
 * @module
 */
import { isFolder } from "../../common/files.ts";
import { join, resolve } from "node:path";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { withLocation, withLocationOf } from "../../common/source_location.ts";
import { quote, suggest } from "../../common/suggest.ts";
import { interventionFileNames } from "../../compile/parameters/intervention_file.ts";
import type { Source } from "../../data/dataset.ts";
import type { FileUse } from "../../data/files/record_kind.ts";
import { filesOf, isSource, kindOf } from "../../data/source_kinds.ts";
import { filesOfMetric, isMetric } from "../../metrics/mod.ts";
import { isGgufPath } from "../../models/open/source.ts";
import type { QuantizationName } from "../../models/weights/quantization.ts";
import type { DataReplacement, HubChoice, Recipe, Replacement } from "../../recipes/recipe.ts";
import type { Expansion, Member, Rounds } from "./member.ts";

/** Members with what they read. */
export interface Redirected {
  readonly expansion: Expansion;
  /** The absolute path of each data file, by its path in the pipeline. */
  readonly data: ReadonlyMap<string, string>;
  /** The hub data set that replaces others, by their path or id in the pipeline. */
  readonly hubs: ReadonlyMap<string, HubChoice>;
  /** The source of each base model, by its source in the pipeline; a folder's is absolute. */
  readonly bases: ReadonlyMap<string, string>;
}

/**
 * Replaces the data and base models of the pipeline by a recipe's.
 *
 * @param base The folder that the pipeline's relative paths are resolved from.
 * @throws {RequestError} If the recipe names data or a base model that the pipeline does not have.
 */
export async function redirect(
  expansion: Expansion,
  base: string,
  { data: otherData = [], base: otherBases = [], quantize }: Partial<Pick<Recipe, "data" | "base" | "quantize">>,
): Promise<Redirected> {
  const named = sourcesOf(allMembers(expansion));
  const at = (path: string) => resolve(base, path);
  requireNamed("data", otherData, named.data, (from, path) => at(from) === at(path));
  requireNamed("base model", otherBases, named.bases, (from, source) => at(from) === at(source));
  const data = new Map<string, string>(), hubs = new Map<string, HubChoice>();
  for (const name of named.data) {
    const other = otherData.find(({ from }) => at(from) === at(name)), isHub = named.hubs.has(name);
    if (typeof other?.to === "object") hubs.set(name, other.to);
    else if (other !== undefined && isHub) throw notOfHub(name, other);
    else if (!isHub) data.set(name, other?.to ?? at(name));
  }
  const bases = new Map<string, string>(), moved = new Map<string, SourceLocation>();
  for (const source of named.bases) {
    const other = otherBases.find(({ from }) => from === undefined || at(from) === at(source));
    if (other !== undefined && other.to !== source) moved.set(source, other.location);
    bases.set(source, other?.to ?? (isGgufPath(source) || await isFolder(at(source)) ? at(source) : source));
  }
  const replacements = {
    data: otherData.length === 0 ? new Map<string, string>() : data,
    hubs,
    bases,
    moved,
    quantize,
  };
  return { expansion: withReplaced(expansion, replacements), data, hubs, bases };
}

function notOfHub(name: string, { location }: DataReplacement): RequestError {
  return new RequestError(
    `${quote(name)} is a hub data set; give another hub data set, as in { hub: owner/name }`,
    location,
  );
}

/** The members of all rounds, as if the first of each were the best. */
function allMembers({ members, goesOn, rounds }: Expansion): readonly Member[] {
  if (!goesOn) return members;
  const all: Member[] = [], rehearsed = rounds();
  for (let round = rehearsed.next(); !round.done; round = rehearsed.next([])) all.push(...round.value);
  return all;
}

function withReplaced(expansion: Expansion, replacements: Replacements): Expansion {
  const replace = replacing(replacements);
  const replaced = (members: readonly Member[]) => {
    return members.map((member) => ({ ...member, stages: replace(member.stages) }));
  };
  function* rounds(): Rounds {
    const inner = expansion.rounds();
    for (let round = inner.next(); !round.done;) round = inner.next(yield replaced(round.value));
  }
  return { ...expansion, members: replaced(expansion.members), rounds };
}

function requireNamed(
  what: string,
  replacements: readonly (Pick<Replacement, "from" | "location">)[],
  named: readonly string[],
  isSame: (from: string, name: string) => boolean,
): void {
  for (const { from, location } of replacements) {
    if (from === undefined && named.length > 1) {
      const listed = named.map(quote).join(", ");
      throw new RequestError(
        `the pipeline has more than one ${what}; write a mapping from ${listed} to others`,
        location,
      );
    }
    if (from !== undefined && !named.some((name) => isSame(from, name))) {
      throw new RequestError(`the pipeline has no ${what} ${quote(from)}; ${suggest(from, named)}`, location);
    }
  }
}

/** Visits all records that members consist of, but not the contents of sources. */
function walk(members: readonly Member[], see: (record: object) => void): void {
  // Members share the parts that none of their axes changes.
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    see(value);
    if (!isSource(value)) Object.values(value).forEach(visit);
  };
  for (const { stages } of members) visit(stages);
}

/** The data and base models that members name. */
interface NamedSources {
  /** Files by their paths, and hub data sets by their ids. */
  readonly data: readonly string[];
  /** Those of them that are on the hub. */
  readonly hubs: ReadonlySet<string>;
  readonly bases: readonly string[];
}

function sourcesOf(members: readonly Member[]): NamedSources {
  const data = new Set<string>(), hubs = new Set<string>(), bases = new Set<string>();
  walk(members, (record) => {
    if (isSource(record)) {
      const { name, isHub } = nameOf(record);
      if (name !== undefined) data.add(name);
      if (name !== undefined && isHub) hubs.add(name);
    }
    if (isBase(record)) bases.add(record.source);
  });
  return { data: [...data], hubs, bases: [...bases] };
}

/** What a recipe calls a source's rows: the path of their files or their id on the hub. */
function nameOf(source: Source): { readonly name: string | undefined; readonly isHub: boolean } {
  const rows = kindOf(source).hubRows(source);
  if (rows !== undefined) return { name: rows.id, isHub: true };
  return { name: filesOf(source).find(({ use }) => use === "rows")?.path, isHub: false };
}

/** The replacement of a source for which a recipe gives a hub data set; `undefined` if it gives none. */
export function fromHub(source: Source, hubs: Redirected["hubs"]): Source | undefined {
  const { name } = nameOf(source), choice = name === undefined ? undefined : hubs.get(name);
  if (choice === undefined) return undefined;
  const kind = kindOf(source), { config, splitName } = kind.hubRows(source) ?? {}, { hub: id, ...part } = choice;
  const { config: wanted = config, split = splitName, revision } = part;
  return kind.fromHub(source, {
    kind: "hub",
    id,
    ...wanted === undefined ? {} : { config: wanted },
    ...split === undefined ? {} : { splitName: split },
    // A revision of one data set does not apply to another.
    ...revision === undefined ? {} : { revision },
  });
}

/** The sources that members read rows from, each once. */
export function sourcesIn(members: readonly Member[]): readonly Source[] {
  const found: Source[] = [];
  walk(members, (record) => {
    if (isSource(record)) found.push(record);
  });
  return found;
}

/** Other files that members name, by their paths in the pipeline: initial values, chat templates and files of metrics. */
export function otherFilesOf(members: readonly Member[]): readonly string[] {
  const found = new Set<string>();
  walk(members, (record) => {
    if (isSource(record)) filesOf(record).forEach(({ path, use }) => use === "template" && found.add(path));
    if ("metrics" in record && Array.isArray(record.metrics)) {
      record.metrics.filter(isMetric).flatMap(filesOfMetric).forEach((path) => found.add(path));
    }
    if ("initial" in record && typeof record.initial === "string") found.add(record.initial);
    if ("kind" in record && record.kind === "saved" && "folder" in record && typeof record.folder === "string") {
      for (const name of Object.values(interventionFileNames)) found.add(join(record.folder, name));
    }
  });
  return [...found];
}

/** The replacements to make. */
interface Replacements {
  readonly data: ReadonlyMap<string, string>;
  readonly hubs: Redirected["hubs"];
  readonly bases: ReadonlyMap<string, string>;
  /** Base models that a recipe replaces, whose declared revisions no longer apply, and where the recipe says so. */
  readonly moved: ReadonlyMap<string, SourceLocation>;
  /** How many bits all base models are kept in; as declared if `undefined`. */
  readonly quantize: QuantizationName | undefined;
}

/** Replaces within declarations; what several share stays one object. */
function replacing({ data, hubs, bases, moved, quantize }: Replacements): <T>(declared: T) => T {
  const known = new WeakMap<object, unknown>();
  const visit = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    return known.getOrInsertComputed(value, replaced);
  };
  const replaced = (value: object): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (value instanceof Promise) return value;
    if (isSource(value)) {
      const other = fromHub(value, hubs);
      if (other !== undefined) return withLocationOf(value, other);
      const pathOf = (path: string, use: FileUse) => use === "rows" ? data.get(path) ?? path : path;
      return withLocationOf(value, { ...kindOf(value).withFiles(value, pathOf) });
    }
    if (isBase(value)) {
      const source = bases.get(value.source) ?? value.source, location = moved.get(value.source);
      const { revision: _, ...rest } = value, changed = { source, ...quantize === undefined ? {} : { quantize } };
      return location === undefined
        ? withLocationOf(value, { ...value, ...changed })
        : withLocation({ ...rest, ...changed }, location);
    }
    return withLocationOf(value, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, visit(part)])));
  };
  return <T>(declared: T) => visit(declared) as T;
}

function isBase(value: object): value is { readonly source: string; readonly revision?: unknown } {
  return "kind" in value && value.kind === "baseModel" && "source" in value && typeof value.source === "string";
}

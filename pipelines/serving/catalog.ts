/** The served models by name: the base alone, and the base with each of the edits found in folders. @module */
import { faultText, isFolder } from "../common/files.ts";
import { basename, join, resolve } from "node:path";
import { adaptationsOf, baseModelOf, findIntervention, requireNoHead } from "../cli/requests/stored_intervention.ts";
import type { StoredIntervention } from "../cli/requests/stored_intervention.ts";
import { RequestError } from "../common/errors.ts";
import { isAbsent, namesIn } from "../common/folder_names.ts";
import { quote, suggest } from "../common/suggest.ts";
import { isIntervention, trainedIds } from "../compile/parameters/trained_interventions.ts";
import { editedModel, type Model } from "../models/open/model.ts";
import { isGgufPath } from "../models/open/source.ts";
import type { QuantizationName } from "../models/weights/quantization.ts";
import type { RunContext } from "../schedule/context/run_context.ts";
import { ApiError } from "./api_error.ts";

/** The name of the base model. */
export const baseName = "base";

/** A served edit. */
export interface ServedEdit {
  readonly stored: StoredIntervention;
  /** When it was trained or imported, in seconds since 1970. */
  readonly created: number;
  /** Changes when its files do. */
  readonly state: string;
}

/** Where edits are looked for. */
export interface CatalogPlaces {
  /** Folders of runs and interventions. */
  readonly folders: readonly string[];
  /** The members of runs that are served; all if empty. */
  readonly members: readonly string[];
  /** Folders that contain such folders. */
  readonly watched: readonly string[];
  /** Whether the base is served even with edits that name another one, because the user said so. */
  readonly anyBase: boolean;
}

/** The content of a folder, and whether it has changed since it was read. */
interface Found {
  readonly state: string;
  readonly edit: ServedEdit | undefined;
  /** Why it is not served. */
  readonly problem: string | undefined;
}

/** The served edits, kept up to date with the folders. */
export class Catalog {
  readonly #runContext: RunContext;
  readonly #model: Model;
  readonly #quantize: QuantizationName | undefined;
  readonly #places: CatalogPlaces;
  readonly #note: (message: string) => void;
  #found: ReadonlyMap<string, Found> = new Map();
  #problems: ReadonlySet<string> = new Set();

  /** @param note Receives the reason why a folder is not served, once while it lasts. */
  constructor(
    runContext: RunContext,
    model: Model,
    quantize: QuantizationName | undefined,
    places: CatalogPlaces,
    note: (message: string) => void,
  ) {
    this.#runContext = runContext;
    this.#model = model;
    this.#quantize = quantize;
    this.#places = places;
    this.#note = note;
  }

  /** The edits by name. */
  get edits(): ReadonlyMap<string, ServedEdit> {
    return new Map([...this.#found].flatMap(([name, { edit }]) => edit === undefined ? [] : [[name, edit]]));
  }

  /** Everything that a request may name. */
  get names(): readonly string[] {
    return [baseName, ...this.edits.keys()];
  }

  /** @throws {ApiError} If there is no such edit. */
  edit(name: string): ServedEdit {
    const found = this.#found.get(name)?.edit;
    if (found !== undefined) return found;
    const details = { param: "model", code: "model_not_found" };
    throw new ApiError(404, `there is no model ${quote(name)}; ${suggest(name, this.names)}`, details);
  }

  /** Reads the folders again. One that cannot be read does not keep the others from being served. */
  async refresh(): Promise<void> {
    const { folders, watched } = this.#places, problems = new Set<string>();
    const attempt = async <Value>(place: string, read: () => Promise<readonly Value[]>) => {
      try {
        return await read();
      } catch (fault) {
        problems.add(`${place} is not served: ${problemOf(fault)}`);
        return [];
      }
    };
    const below = watched.map((place) => attempt(place, () => foldersIn(place)));
    const next = new Map<string, Found>(), paths = new Map<string, string>();
    for (const folder of [...folders, ...(await Promise.all(below)).flat()]) {
      for (const [name, path] of await attempt(folder, () => this.#interventionsIn(folder))) {
        const first = paths.get(name);
        if (name === baseName) {
          problems.add(`${path} is not served: ${quote(name)} is the model without edits; rename the folder`);
        } else if (first === undefined) {
          paths.set(name, path);
          const found = await this.#look(name, path);
          if (found.problem !== undefined) problems.add(`${name} is not served: ${found.problem}`);
          next.set(name, found);
        } else if (first !== path && !await isSamePath(first, path)) {
          problems.add(`${path} is not served: ${first} has the same name; rename one of them`);
        }
      }
    }
    this.#found = next;
    for (const problem of problems) if (!this.#problems.has(problem)) this.#note(problem);
    this.#problems = problems;
  }

  /** The interventions of a folder, by the names under which they are served. */
  async #interventionsIn(folder: string): Promise<readonly (readonly [name: string, path: string])[]> {
    const name = basename(folder), { members } = this.#places;
    const itself = [folder, join(folder, "intervention")].find(isIntervention);
    if (itself !== undefined) return [[name, itself]];
    const ids = await trainedIds(folder);
    const isServed = (id: string) =>
      members.length === 0 || [id, id.split("/")[0]!].some((each) => members.includes(each));
    const served = ids.filter(isServed);
    return served.map((id) => [`${name}:${id}`, join(folder, "members", id, "intervention")]);
  }

  /** An edit, unless it is incomplete or not for the base; read again if its files have changed. */
  async #look(name: string, path: string): Promise<Found> {
    const before = this.#found.get(name);
    let state = path;
    try {
      state = `${path} ${stateOf(path)}`;
      if (before?.state === state) return before;
      const stored = await findIntervention(path, undefined);
      await this.#requireFits(stored);
      await this.#runContext.models.compareWeights(this.#model, stored, this.#quantize);
      const { mtime } = await Deno.stat(stored.tensors);
      const edit = { stored, created: Math.floor((mtime?.getTime() ?? 0) / 1000), state };
      return { state, edit, problem: undefined };
    } catch (fault) {
      return { state, edit: undefined, problem: problemOf(fault) };
    }
  }

  async #requireFits(stored: StoredIntervention): Promise<void> {
    const { file, description } = stored, { source, base } = await baseModelOf(stored, undefined);
    const isOwn = await this.#isBase(source, base);
    if (!isOwn) {
      throw new RequestError(`was made for the base model ${source}, but ${this.#model.name} is served`, { file });
    }
    if (description.quantize !== this.#quantize) {
      const [theirs, served] = [description.quantize, this.#quantize].map((name) => name ?? "full precision");
      throw new RequestError(`was made for the base model in ${theirs}, but it is served in ${served}`, { file });
    }
    const adaptations = adaptationsOf(stored, editedModel(this.#model));
    requireNoHead(adaptations, file, "serve one without a head");
    if (description.width !== this.#model.architecture.width) {
      throw new RequestError(`was made for a base model with another width; serve that one`, { file });
    }
  }

  /** Whether a name refers to the served base model. */
  async #isBase(source: string, base: string): Promise<boolean> {
    if (this.#places.anyBase || source === this.#model.name) return true;
    const path = resolve(base, source);
    if (await isFolder(path)) return await Deno.realPath(path) === this.#model.folder;
    if (!isGgufPath(source)) return false;
    try {
      return (await this.#runContext.models.bareModel(path)).folder === this.#model.folder;
    } catch (fault) {
      if (fault instanceof RequestError) return false;
      throw fault;
    }
  }
}

/** The folders and files in a watched folder, which may be created later. */
async function foldersIn(place: string): Promise<readonly string[]> {
  if (!await isFolder(place)) throw new RequestError("there is no such folder yet; create it, or correct --watch");
  return (await namesIn(place)).map((name) => join(place, name));
}

async function isSamePath(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => Deno.realPath(path).catch(() => path)));
  return first === second;
}

/** Why something is not served. */
function problemOf(fault: unknown): string {
  if (fault instanceof RequestError) return fault.message;
  return isAbsent(fault) ? "it is incomplete; it will be served once it has all its files" : faultText(fault);
}

/** Changes when an intervention's files do. */
function stateOf(folder: string): string {
  return ["intervention.json", "weights.safetensors"].map((name) => {
    try {
      const { mtime, size } = Deno.statSync(join(folder, name));
      return `${mtime?.getTime()} ${size}`;
    } catch (fault) {
      if (isAbsent(fault)) return "absent";
      throw fault;
    }
  }).join();
}

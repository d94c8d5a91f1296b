/**
 * Recipes: YAML files that say how to run a pipeline. A run's manifest is one too, with a section that records what the
 * run found.
 *
 * @module
 */
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { system, type SystemFileInfo } from "../common/system.ts";
import type { Provider } from "../../ops/onnx/model.ts";
import { isProvider, providers } from "../../ops/onnx/providers.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { readFileIfPresent } from "../common/files.ts";
import { digestComment, requireOwnContent } from "../common/own_digest.ts";
import { quote, suggest } from "../common/suggest.ts";
import { fixedPart, isPattern } from "../data/files/glob.ts";
import { datasetIds, isDatasetId } from "../data/files/hub.ts";
import { isGgufPath } from "../models/open/source.ts";
import { isQuantization, type QuantizationName } from "../models/weights/quantization.ts";
import { Fields, mappingOf, scalarOf, textOf, wrong } from "./fields.ts";
import type { Override, Overrides } from "./overrides.ts";
import { readRecorded, type Recorded } from "./recorded.ts";
import { parseYaml, type YamlMapping, type YamlNode } from "../common/yaml.ts";

/** A replacement for something that a pipeline names. */
export interface Replacement {
  /** As in the pipeline; `undefined` for the only one that it has. */
  readonly from: string | undefined;
  /** Absolute if it is a path. */
  readonly to: string;
  readonly location: SourceLocation;
}

/** A hub data set, as a recipe names it. */
export interface HubChoice {
  /** Its id. */
  readonly hub: string;
  readonly config?: string;
  readonly split?: string;
  readonly revision?: string;
}

/** A replacement for data that a pipeline names, by a path or by the id of a hub data set. */
export interface DataReplacement extends Omit<Replacement, "from" | "to"> {
  readonly from: string;
  /** An absolute path, or a hub data set. */
  readonly to: string | HubChoice;
}

/** How to run a pipeline. Paths are absolute. */
export interface Recipe {
  readonly file: string;
  readonly name: string | undefined;
  readonly about: string | undefined;
  readonly pipeline: string;
  readonly set: Overrides;
  readonly data: readonly DataReplacement[];
  readonly base: readonly Replacement[];
  /** How all base models are quantized, instead of what the pipeline says. */
  readonly quantize: QuantizationName | undefined;
  readonly provider: Provider | undefined;
  readonly threads: number | undefined;
  /** What a run found, if the recipe is its manifest. */
  readonly recorded: Recorded | undefined;
}

/** Whether a number of threads is valid. */
export const isThreadCount = (count: unknown): boolean => {
  return Number.isInteger(count) && Number(count) >= 1 && Number(count) <= 1024;
};

/** What {@linkcode isThreadCount} accepts. */
export const threadCounts = "a whole number from 1 to 1024";

const keys = ["name", "about", "pipeline", "set", "data", "base", "quantize", "provider", "threads", "recorded"];

/** What to do with a manifest that was changed. */
export const manifestRemedy = 'run the pipeline again (or remove the line "# digest", if you made the change)';

/** Whether a path on the command line is a recipe's. */
export function isRecipePath(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/**
 * Reads a recipe.
 *
 * @param file Absolute.
 * @throws {RequestError} If it is not a recipe, or names files that do not exist.
 */
export async function readRecipe(file: string): Promise<Recipe> {
  const bytes = await readFileIfPresent(file);
  if (bytes === undefined) throw new RequestError("there is no such recipe; check the path", { file });
  requireOwnContent(bytes, digestComment, file, manifestRemedy);
  const root = parseYaml(file, bytes);
  const fields = new Fields(
    "a recipe",
    mappingOf("the recipe", root, "key: value lines, one of them pipeline"),
    keys,
  );
  const recorded = fields.read("recorded", readRecorded);
  const find = finder(dirname(file), recorded?.folder);
  const pipeline = await fields.read("pipeline", (node) => pipelineOf(node, find));
  if (pipeline === undefined) {
    throw new RequestError("the recipe names no pipeline; add pipeline: with the path of its file", { file });
  }
  return {
    file,
    name: fields.read("name", nameOf),
    about: fields.read("about", (node) => textOf("about", node, "a text")),
    pipeline,
    set: fields.read("set", setOf) ?? new Map(),
    data: await fields.read("data", (node) => dataOf(node, find)) ?? [],
    base: await fields.read("base", (node) => baseOf(node, find)) ?? [],
    quantize: fields.read("quantize", quantizeOf),
    provider: fields.read("provider", providerOf),
    threads: fields.read("threads", threadsOf),
    recorded,
  };
}

/** Resolves a path; `is` says whether what is there is suitable. */
type Find = (path: string, is: (info: SystemFileInfo) => boolean) => Promise<string | undefined>;

/**
 * Finds files by their paths relative to a folder. If an absolute path in a manifest no longer exists, it is looked for
 * where it would be if it had moved with the run folder.
 *
 * @param recorded The folder when the manifest was written.
 */
export function finder(folder: string, recorded: string | undefined): Find {
  return async (path, is) => {
    const moved = recorded !== undefined && isAbsolute(path) ? [resolve(folder, relative(recorded, path))] : [];
    for (const candidate of [resolve(folder, path), ...moved]) {
      if (await system.stat(candidate).then(is, () => false)) return candidate;
    }
    return undefined;
  };
}

const isFile = (info: SystemFileInfo) => info.isFile;
const isFolder = (info: SystemFileInfo) => info.isDirectory;

async function pipelineOf(node: YamlNode, find: Find): Promise<string> {
  const path = textOf("pipeline", node, "the path of the pipeline file, relative to the recipe");
  if (isRecipePath(path)) {
    throw new RequestError(
      "a recipe cannot name another recipe; name the pipeline file that the other one names",
      node.location,
    );
  }
  const found = await find(path, isFile);
  if (found !== undefined) return found;
  throw new RequestError(
    `there is no pipeline file ${quote(path)}; give its path, relative to the recipe`,
    node.location,
  );
}

function nameOf(node: YamlNode): string {
  const name = textOf("name", node, "a text");
  if (/^\w[\w.-]*$/.test(name)) return name;
  throw new RequestError(`the name ${quote(name)} is not a file name; use letters, digits, -, . and _`, node.location);
}

function setOf(node: YamlNode): Overrides {
  const { entries } = mappingOf("set", node, "a mapping from axes and settings to values, as in rank: [1, 4]");
  return new Map(entries.map(({ key, value }): [string, Override] => {
    const scalar = (item: YamlNode) => scalarOf(key, item, "a text, a number, true or false, or a list for an axis");
    if (value.kind !== "list") return [key, { ...plain, values: [scalar(value)], location: value.location }];
    if (value.items.length === 0) throw new RequestError(`${key} is an empty list; give it a value`, value.location);
    return [key, { ...plain, isList: true, values: value.items.map(scalar), location: value.location }];
  }));
}

const plain = { isList: false, isText: false };

async function dataOf(node: YamlNode, find: Find): Promise<readonly DataReplacement[]> {
  const { entries } = mappingOf(
    "data",
    node,
    "a mapping from a path in the pipeline to another, as in ./a.jsonl: ./b.jsonl",
  );
  return await Promise.all(entries.map(async ({ key, value }) => {
    const what = `the data for ${quote(key)}`;
    if (value.kind === "mapping") return { from: key, to: hubOf(what, value), location: value.location };
    const path = textOf(what, value, "the path of a file, relative to the recipe, or { hub: owner/name, split: … }");
    const to = await find(path, isFile) ?? await matched(path, find);
    if (to !== undefined) return { from: key, to, location: value.location };
    const orHub = isDatasetId(path) && path.includes("/") ? `, or { hub: ${path} } for a hub data set` : "";
    const remedy = `give its path, relative to the recipe${orHub}`;
    throw new RequestError(`there is no file ${quote(path)}; ${remedy}`, value.location);
  }));
}

function hubOf(what: string, node: YamlMapping): HubChoice {
  const fields = new Fields(what, node, ["hub", "config", "split", "revision"]);
  const read = (key: string, expected: string) =>
    fields.read(key, (value) => textOf(`${key} of ${what}`, value, expected));
  const hub = fields.read("hub", (value) => {
    const id = textOf(`hub of ${what}`, value, datasetIds);
    if (isDatasetId(id)) return id;
    throw wrong(`hub of ${what}`, value, datasetIds);
  });
  if (hub === undefined) {
    throw new RequestError(`${what} names no data set; add hub: with its id, as in hub: owner/name`, node.location);
  }
  const config = read("config", "the name of a configuration"), split = read("split", "the name of a split");
  const revision = read("revision", "a branch, a tag or a commit");
  return {
    hub,
    ...config === undefined ? {} : { config },
    ...split === undefined ? {} : { split },
    ...revision === undefined ? {} : { revision },
  };
}

/** A pattern of files, if the folder that it begins with exists; its matches are determined when it is read. */
async function matched(path: string, find: Find): Promise<string | undefined> {
  if (!isPattern(path)) return undefined;
  const folder = await find(fixedPart(path), isFolder);
  return folder === undefined ? undefined : join(folder, path.slice(fixedPart(path).length));
}

async function baseOf(node: YamlNode, find: Find): Promise<readonly Replacement[]> {
  const sourceOf = async (what: string, value: YamlNode): Promise<string> => {
    const source = textOf(what, value, "a Hugging Face id, a folder, a .gguf file or builtin:NAME");
    const isGguf = isGgufPath(source), kind = isGguf ? "GGUF file" : "folder";
    const found = source.startsWith("builtin:") ? undefined : await find(source, isGguf ? isFile : isFolder);
    if (found === undefined && (isGguf || isAbsolute(source) || /^\.{1,2}([/\\]|$)/.test(source))) {
      throw new RequestError(
        `there is no ${kind} ${quote(source)}; give its path, relative to the recipe`,
        value.location,
      );
    }
    return found ?? source;
  };
  if (node.kind !== "mapping") return [{ from: undefined, to: await sourceOf("base", node), location: node.location }];
  return await Promise.all(node.entries.map(async ({ key, value }) => {
    return { from: key, to: await sourceOf(`the base for ${quote(key)}`, value), location: value.location };
  }));
}

function providerOf(node: YamlNode): Provider {
  const name = textOf("provider", node, providers.join(", "));
  if (isProvider(name)) return name;
  throw new RequestError(`there is no provider ${quote(name)}; ${suggest(name, providers)}`, node.location);
}

function quantizeOf(node: YamlNode): QuantizationName {
  const name = textOf("quantize", node, "q4 or q8");
  if (isQuantization(name)) return name;
  throw wrong("quantize", node, "q4 or q8");
}

function threadsOf(node: YamlNode): number {
  if (node.kind === "scalar" && typeof node.value === "number" && isThreadCount(node.value)) return node.value;
  throw wrong("threads", node, threadCounts);
}

/** Arguments and options that several commands share. @module */
import { isThreadCount, threadCounts } from "../../recipes/recipe.ts";
import { providers } from "../../../ops/onnx/providers.ts";
import type { Parameter } from "./command.ts";
import { choice, flag, InvalidValue, optional, parsed, repeatable, size, text, withDefault } from "./option.ts";

const folder = parsed("folder", (text) => {
  if (text.includes("://")) throw new InvalidValue("this command works on the store of this machine; give its folder");
  return text;
});

/** Where the store is. */
export const store = optional(folder, "the content-addressed store (default: .refract/store)");

/** Where the store is, or the cache behind it that people share. */
export const sharedStore = optional(
  text("folder or address"),
  "the content-addressed store (default: .refract/store), or a shared cache: https://host/path",
);

const threadCount = parsed("n", (text) => {
  const threads = Number(text);
  if (!isThreadCount(threads)) throw new InvalidValue(`give ${threadCounts}`);
  return threads;
});
const providerName = choice("name", providers), providerHelp = "where programs run (cpu by default)";

/** What a model runs with that no pipeline or recipe names. */
export const runtimeOptions = {
  store,
  threads: withDefault(threadCount, "threads for the operators", navigator.hardwareConcurrency),
  provider: withDefault(providerName, providerHelp, "cpu"),
};

/** What the store may hold. */
export const cacheDisk = optional(size, "what the store may hold (default: 50GB, or half of the free space)");

/** Which of a run's interventions is meant. */
export const member = optional(
  text("id"),
  "which member of the run, as in rank=1, or which of its trainings, as in rank=1/tuned",
);

/** The argument of commands that run or plan. */
export const pipelineParameter: Parameter = {
  name: "pipeline.ts or recipe.yaml",
  help: "the pipeline file, or a recipe that names it",
};

/** What a pipeline or a recipe is run with, or planned. */
export const requestOptions = {
  set: repeatable(
    "name=v[,v]",
    "sets a setting, or the values of an axis; may be repeated",
    new Map<string, readonly string[]>(),
    addSetting,
  ),
  store: sharedStore,
  threads: optional(threadCount, "threads for the operators (default: the recipe's, or all)"),
  provider: optional(providerName, providerHelp),
  cacheDisk,
  cacheMemory: optional(size, "what a training may keep of its rows (default: as the store, 50GB)"),
  activationMemory: optional(size, "what a training's longest row may take to run (default: 2GB)"),
  memory: optional(size, "what of the machine's memory may be used; larger models are encoded in parts (default: all)"),
  json: flag("prints JSON on stdout and all else on stderr"),
};

function addSetting(before: ReadonlyMap<string, readonly string[]>, text: string): Map<string, readonly string[]> {
  const at = text.indexOf("=");
  const name = text.slice(0, at), values = text.slice(at + 1);
  if (at < 1 || values === "") throw new InvalidValue("write axis=value or axis=value,value, or setting=value");
  if (before.has(name)) throw new InvalidValue(`${name} was set before, write all its values in one --set`);
  return new Map([...before, [name, values.split(",")]]);
}

/** Arguments and options that several commands share. @module */
import { isThreadCount, threadCounts } from "../../recipes/recipe.ts";
import { providers } from "../../../ops/onnx/providers.ts";
import type { Parameter } from "./command.ts";
import { choice, flag, InvalidValue, optional, parsed, repeatable, size, text, withDefault } from "./option.ts";

const folder = parsed("folder", (text) => {
  if (text === "") throw new InvalidValue("give it a value");
  if (text.includes("://")) throw new InvalidValue("this command works only on a local store; give its folder");
  return text;
});

/** The store's location. */
export const store = optional(folder, "the content-addressed store (default: .refract/store)");

/** The store's location, or that of its shared cache. */
const sharedStore = optional(
  text("folder or URL"),
  "the content-addressed store (default: .refract/store), or a shared cache: https://host/path",
);

const threadCount = parsed("n", (text) => {
  const threads = Number(text);
  if (!isThreadCount(threads)) throw new InvalidValue(`give ${threadCounts}`);
  return threads;
});
const providerName = choice("name", providers), providerHelp = "where programs run";

/** How to run a model when no pipeline or recipe says so. */
export const runtimeOptions = {
  store,
  threads: withDefault(threadCount, "threads for the operators", navigator.hardwareConcurrency),
  provider: withDefault(providerName, providerHelp, "cpu"),
};

/** How much the store may hold. */
export const cacheDisk = optional(size, "how much the store may hold (default: 50GB, or half of the free space)");

/** Selects one of a run's interventions. */
export const member = optional(
  text("id"),
  "the member of the run, as in rank=1, or one of its trainings, as in rank=1/tuned",
);

/** The argument of commands that run or plan. */
export const pipelineParameter: Parameter = {
  name: "pipeline.ts or recipe.yaml",
  help: "the pipeline file, or a recipe that names it",
};

/** Options for running or planning a pipeline or a recipe. */
export const requestOptions = {
  set: repeatable(
    "name=v[,v]",
    "sets a setting, or the values of an axis; may be repeated",
    new Map<string, readonly string[]>(),
    addSetting,
  ),
  store: sharedStore,
  threads: optional(threadCount, "threads for the operators (default: the recipe's, or all)"),
  provider: optional(providerName, `${providerHelp} (default: the recipe's, or cpu)`),
  cacheDisk,
  cacheMemory: optional(size, "how much a training may keep of its encoded rows (default: as the store, 50GB)"),
  activationMemory: optional(size, "how much the activations of a training's longest row may take (default: 2GB)"),
  memory: optional(size, "how much memory may be used; larger models are encoded in parts (default: all)"),
  json: flag("prints JSON on stdout and everything else on stderr"),
};

function addSetting(before: ReadonlyMap<string, readonly string[]>, text: string): Map<string, readonly string[]> {
  const at = text.indexOf("=");
  const name = text.slice(0, at), values = text.slice(at + 1);
  if (at < 1 || values === "") throw new InvalidValue("write axis=value or axis=value,value, or setting=value");
  if (before.has(name)) throw new InvalidValue(`${name} is set twice; write all its values in one --set`);
  return new Map([...before, [name, values.split(",")]]);
}

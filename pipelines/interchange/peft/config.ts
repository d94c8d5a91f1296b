/**
 * adapter_config.json as peft writes it: settings that determine the formula are read, those that Refract lacks are
 * refused by name.
 *
 * @module
 */
import { join } from "node:path";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { isJsonObject, type JsonObject, readJsonObject } from "../../common/files.ts";
import { quote } from "../../common/suggest.ts";
import { peftFiles } from "./names.ts";
import { knownFields, refusedFields } from "./fields.ts";
import { endPattern, type ModuleNames, pythonPattern, type Targets } from "./targets.ts";

/** What all types have. */
interface PeftBase {
  /** The model that the adapter was trained on, as its trainer named it. */
  readonly base?: string;
  /** Notes on ignored settings. */
  readonly notes: readonly string[];
}

/** LoRA, rank-stabilized or not, and DoRA. */
export interface PeftLora extends PeftBase {
  readonly type: "LORA";
  readonly kind: "lora" | "dora";
  readonly targets: Targets;
  readonly rank: number;
  readonly alpha: number;
  /** Per-module ranks and alphas, by patterns for the ends of their paths. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly alphas: ReadonlyMap<string, number>;
  readonly rankStabilized: boolean;
  readonly dropout: number;
}

/** (IA)³. */
interface PeftIa3 extends PeftBase {
  readonly type: "IA3";
  readonly targets: Targets;
  /** The modules whose input is scaled, not their output. */
  readonly feedforward: ModuleNames;
}

/** Prefix tuning. */
interface PeftPrefix extends PeftBase {
  readonly type: "PREFIX_TUNING";
  readonly tokens: number;
}

/** An adapter's config. */
export type PeftConfig = PeftLora | PeftIa3 | PeftPrefix;

/** Whether a folder was saved by peft. */
export async function isPeftFolder(folder: string): Promise<boolean> {
  return await Deno.stat(join(folder, peftFiles.config)).then(({ isFile }) => isFile, () => false);
}

/**
 * Reads a folder's adapter_config.json.
 *
 * @throws {RequestError} If it is absent or invalid, or has a type or a setting that Refract lacks.
 */
export async function readPeftConfig(folder: string): Promise<PeftConfig> {
  const file = join(folder, peftFiles.config), fields = await readJsonObject(file, "save the adapter again");
  if (fields === undefined) {
    throw new RequestError(`there is no ${peftFiles.config}; give a folder that peft saved`, { file: folder });
  }
  try {
    return configOf(fields);
  } catch (error) {
    throw error instanceof RequestError ? error.at({ file }) : error;
  }
}

function configOf(fields: JsonObject): PeftConfig {
  const type = fields["peft_type"], read = typeof type === "string" ? ownValue(readers, type) : undefined;
  if (read === undefined) {
    throw new RequestError(
      `the peft_type ${shown(type)} is not known; import one of ${Object.keys(readers).join(", ")}`,
    );
  }
  const set = Object.entries(fields).filter(([, value]) => isSet(value));
  for (const [name, value] of set) refuse(name, value);
  const unknown = set.map(([name]) => name).filter((name) => !Object.hasOwn(knownFields, name));
  const notes = unknown.map((name) => `${peftFiles.config} sets ${name}, which is not known and is ignored`);
  const base = fields["base_model_name_or_path"];
  return { ...read(fields), ...typeof base === "string" && base !== "" ? { base } : {}, notes };
}

/** Whether a field is set: peft writes all of them, most of them empty. */
function isSet(value: unknown): boolean {
  if (value === null || value === false || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

function refuse(name: string, value: unknown): void {
  const why = ownValue(refusedFields, name)?.(value);
  if (why === undefined) return;
  throw new RequestError(`sets ${name} to ${shown(value)}, ${why}`);
}

type Own<Config extends PeftConfig> = Omit<Config, keyof PeftBase>;

/** How the fields of each type are read. */
const readers: { readonly [Type in PeftConfig["type"]]: (fields: JsonObject) => Own<PeftConfig & { type: Type }> } = {
  LORA: (fields) => ({
    type: "LORA",
    kind: fields["use_dora"] === true ? "dora" : "lora",
    targets: targetsOf(fields),
    rank: numberOf(fields, "r", 8, isCount, "a whole number of at least 1"),
    alpha: numberOf(fields, "lora_alpha", 8, isScale, "a number of at least 0"),
    ranks: patternsOf(fields, "rank_pattern", isCount, "a whole number of at least 1"),
    alphas: patternsOf(fields, "alpha_pattern", isScale, "a number of at least 0"),
    rankStabilized: fields["use_rslora"] === true,
    dropout: numberOf(
      fields,
      "lora_dropout",
      0,
      (value) => value >= 0 && value < 1,
      "a number of at least 0 and below 1",
    ),
  }),
  IA3: (fields) => ({
    type: "IA3",
    targets: targetsOf(fields),
    feedforward: namesOf(fields, "feedforward_modules") ?? [],
  }),
  PREFIX_TUNING: (fields) => ({
    type: "PREFIX_TUNING",
    tokens: numberOf(fields, "num_virtual_tokens", undefined, isCount, "a whole number of at least 1"),
  }),
};

const isScale = (value: number) => Number.isFinite(value) && value >= 0;
const isCount = (value: number) => Number.isSafeInteger(value) && value >= 1;

function numberOf(
  fields: JsonObject,
  name: string,
  otherwise: number | undefined,
  isRight: (value: number) => boolean,
  wanted: string,
): number {
  const value = ownValue(fields, name) ?? otherwise;
  if (typeof value === "number" && isRight(value)) return value;
  throw new RequestError(`${name} is ${shown(value)}; it must be ${wanted}`);
}

function patternsOf(
  fields: JsonObject,
  name: string,
  isRight: (value: number) => boolean,
  wanted: string,
): ReadonlyMap<string, number> {
  const found = ownValue(fields, name) ?? {};
  if (!isJsonObject(found)) throw new RequestError(`${name} is ${shown(found)}; it must be an object`);
  return new Map(
    Object.keys(found).map((pattern) => {
      endPattern(pattern, name);
      return [pattern, numberOf(found, pattern, undefined, isRight, wanted)];
    }),
  );
}

function targetsOf(fields: JsonObject): Targets {
  const modules = namesOf(fields, "target_modules");
  if (modules === undefined) throw new RequestError("names no target_modules; save the adapter again");
  const only = fields["layers_to_transform"] ?? [], blocks: readonly unknown[] = Array.isArray(only) ? only : [only];
  if (!blocks.every((block) => Number.isSafeInteger(block))) {
    throw new RequestError(`layers_to_transform is ${shown(only)}; it must list whole numbers`);
  }
  const excluded = namesOf(fields, "exclude_modules") ?? [];
  return { modules, excluded, ...blocks.length === 0 ? {} : { blocks: blocks as readonly number[] } };
}

function namesOf(fields: JsonObject, name: string): ModuleNames | undefined {
  const value = ownValue(fields, name) ?? undefined;
  if (value === undefined || typeof value === "string") {
    if (value !== undefined) pythonPattern(value, name);
    return value;
  }
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw new RequestError(`${name} is ${shown(value)}; it must list names, or be a pattern`);
}

/** A value of the file as a message shows it. */
function shown(value: unknown): string {
  if (value === undefined) return "(none)";
  return typeof value === "string" ? quote(value) : quote(JSON.stringify(value)).slice(1, -1).replaceAll('\\"', '"');
}

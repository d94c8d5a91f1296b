/** The config.json of a pyreft folder: which interventions there are, and where. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { join } from "node:path";
import type { Intervention } from "../compile/lower/adaptation.ts";
import { RequestError } from "../common/errors.ts";
import type { EditedModel, SiteName } from "../models/architecture/architecture.ts";
import { isJsonObject, readJsonObject } from "../common/files.ts";
import { quote, suggest } from "../common/suggest.ts";

/** The kinds of edit by pyreft's classes. */
export const kinds: Readonly<Record<string, { readonly kind: Intervention["kind"]; readonly orthogonal?: true }>> = {
  LoreftIntervention: { kind: "loreft" },
  NoreftIntervention: { kind: "noreft" },
  ConsreftIntervention: { kind: "consreft" },
  LobireftIntervention: { kind: "lobireft" },
  DireftIntervention: { kind: "direft", orthogonal: true },
  NodireftIntervention: { kind: "direft" },
};

/** The sites by pyvene's components. */
export const components: Readonly<Record<string, SiteName>> = {
  block_input: "block.input",
  block_output: "block.output",
  attention_output: "attention.output",
  query_output: "attention.query",
  key_output: "attention.key",
  value_output: "attention.value",
  mlp_activation: "mlp.activation",
  mlp_output: "mlp.output",
};

/** An intervention as config.json lists it. */
export interface Representation {
  /** Part of its file's name. */
  readonly key: string;
  readonly layer: number;
  readonly site: SiteName;
  /** The width of what is edited in the model. */
  readonly width: number;
  /** pyreft's class. */
  readonly type: string;
  /** `undefined` if the tensors determine it. */
  readonly rank: number | undefined;
}

/** The name of an intervention's file. */
export function stateFile(key: string): string {
  return `intkey_${key}.bin`;
}

/** Whether a file's name is one of {@linkcode stateFile}. */
export function isStateFile(name: string): boolean {
  return /^intkey_.*\.bin$/.test(name);
}

/** The lists of a folder's config.json, of equal length, with one entry for each intervention. */
interface ConfigLists {
  readonly file: string;
  readonly keys: readonly unknown[];
  readonly representations: readonly unknown[];
  readonly types: readonly unknown[];
}

/** @throws {RequestError} If a folder is not one that pyreft saved. */
export async function readLists(folder: string): Promise<ConfigLists> {
  const file = join(folder, "config.json");
  const config = await readJsonObject(file, "save the model again");
  if (config === undefined) {
    throw new RequestError(
      "has neither config.json nor adapter_config.json; give a folder that pyreft's ReftModel.save or peft's save_pretrained wrote",
      { file: folder },
    );
  }
  const { representations, sorted_keys: keys, intervention_types: types } = config;
  if (!Array.isArray(representations) || !Array.isArray(keys) || !Array.isArray(types) || keys.length === 0) {
    throw new RequestError(
      "lists no representations, sorted_keys and intervention_types; give a folder written by ReftModel.save",
      { file },
    );
  }
  if (representations.length !== keys.length || types.length !== keys.length) {
    throw new RequestError("lists different numbers of representations, keys and types; save the model again", {
      file,
    });
  }
  return { file, keys, representations, types };
}

/**
 * Reads a folder's config.json.
 *
 * @param model The model that the interventions are for.
 * @throws {RequestError} If it is absent, invalid, or lists something that Refract or the model lacks.
 */
export async function readConfig(folder: string, model: EditedModel): Promise<Representation[]> {
  const { file, keys, representations, types } = await readLists(folder);
  try {
    return keys.map((key, index) => {
      if (keys.indexOf(key) !== index) {
        throw new RequestError(`lists the key ${shown(key)} twice; save the model again`);
      }
      return representationOf(key, representations[index], types[index], model);
    });
  } catch (error) {
    throw error instanceof RequestError ? error.at({ file }) : error;
  }
}

function representationOf(
  key: unknown,
  entry: unknown,
  type: unknown,
  { sites, blocks }: EditedModel,
): Representation {
  // A tuple as pyvene saves it, or the object that its configs are declared with.
  const [layer, component, unit, , lowRank]: readonly unknown[] = Array.isArray(entry)
    ? entry
    : isJsonObject(entry)
    ? [entry["layer"], entry["component"], entry["unit"], undefined, entry["low_rank_dimension"]]
    : [];
  const site = typeof component === "string" ? ownValue(components, component) : undefined;
  if (site === undefined || typeof component !== "string" || !Number.isSafeInteger(layer)) {
    throw new RequestError(
      `the component ${shown(component)} of layer ${shown(layer)} is not known; ${
        suggest(typeof component === "string" ? component : "", Object.keys(components))
      }`,
    );
  }
  if ((unit ?? "pos") !== "pos") {
    throw new RequestError(
      `the unit ${shown(unit)} of layer ${layer} is not known; use one that edits positions, "pos"`,
    );
  }
  const rank = lowRank ?? undefined;
  if (rank !== undefined && (!Number.isSafeInteger(rank) || (rank as number) < 1)) {
    throw new RequestError(
      `low_rank_dimension is ${shown(rank)} for layer ${layer}; give a whole number of at least 1`,
    );
  }
  const block = layer as number, width = sites[site]?.width;
  if (block < 0 || block >= blocks) {
    throw new RequestError(`block ${block} does not exist; the model has blocks 0 to ${blocks - 1}`);
  }
  if (width === undefined) {
    throw new RequestError(`the model has no site ${site}; ${suggest(site, Object.keys(sites))}`);
  }
  if (typeof key !== "string" || key === "" || /[/\\\0]/.test(key)) {
    throw new RequestError(`the key ${shown(key)} is not a file's name; save the model again`);
  }
  const named = /^layer_(-?\d+)_comp_(\w+?)_unit_/.exec(key);
  if (named !== null && (Number(named[1]) !== block || named[2] !== component)) {
    throw new RequestError(
      `the key ${quote(key)} is where layer ${block}'s ${component} is listed; keys and representations are mixed ` +
        "up; save the model again",
    );
  }
  return { key, layer: block, site, width, type: typeOf(type), rank: rank as number | undefined };
}

/** The class's name in `<class 'pyreft.interventions.LoreftIntervention'>`. */
function typeOf(entry: unknown): string {
  const type = typeof entry === "string" ? /\.(\w+)'>$/.exec(entry)?.[1] ?? entry : "";
  if (Object.hasOwn(kinds, type)) return type;
  const name = /^\w{1,60}$/.test(type) ? type : shown(entry);
  throw new RequestError(`the intervention type ${name} is not known; ${suggest(type, Object.keys(kinds))}`);
}

/** A value of the file as a message shows it. */
function shown(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === undefined) return "(none)";
  return typeof value === "object" && value !== null ? Array.isArray(value) ? "[…]" : "{…}" : String(value);
}

/**
 * Folders written by pyreft's `ReftModel.save`: config.json and a state dictionary for each intervention. They do not
 * record positions, which pyreft receives with each call, or activations.
 *
 * @module
 */
import { ownValue, putValue } from "../../ops/program/own_value.ts";
import { join } from "node:path";
import type { Intervention } from "../compile/lower/adaptation.ts";
import type { TensorMap } from "../compile/parameters/initial.ts";
import { RequestError } from "../common/errors.ts";
import type { EditedModel } from "../models/architecture/architecture.ts";
import { faultText, type JsonObject } from "../common/files.ts";
import { quote } from "../common/suggest.ts";
import { components, isStateFile, kinds, readConfig, type Representation, stateFile } from "./pyreft_config.ts";
import { savedForm, stateOf } from "./pyreft_state.ts";
import { readTorchFile, type TorchTensor } from "./torch_file.ts";

/** The content of a pyreft folder, as intervention.json lists it and with the tensors in saved form. */
interface PyreftFolder {
  readonly interventions: readonly JsonObject[];
  readonly tensors: TensorMap;
}

/**
 * Reads a folder.
 *
 * @param model The model that the interventions are for.
 * @param positions Which tokens the interventions edit; a layer's second intervention edits the suffix.
 * @throws {RequestError} If config.json or a state dictionary is absent, invalid, of a kind that Refract lacks, or for
 * another model.
 */
export async function readPyreftFolder(
  folder: string,
  model: EditedModel,
  positions: string | undefined,
): Promise<PyreftFolder> {
  const file = join(folder, "config.json");
  const config = await readConfig(folder, model);
  await requireNoOthers(folder, config);
  const sites = config.map(({ layer, site }) => `${site} ${layer}`);
  const isUntied = new Set(sites).size < sites.length;
  const interventions: JsonObject[] = [], tensors: Record<string, TensorMap[string]> = {};
  for (const [index, { key, layer, site, width, type, rank }] of config.entries()) {
    const earlier = sites.slice(0, index).filter((site) => site === sites[index]).length;
    if (earlier > 1) {
      throw new RequestError(
        `${
          quote(key)
        } is a third intervention at its site; there can be at most one for the prefix and one for the suffix`,
        { file },
      );
    }
    const path = join(folder, stateFile(key));
    const own = savedForm(await readTorchFile(path), { index, type, width, rank, file: path });
    for (const [name, tensor] of Object.entries(own)) tensors[`${index}.${name}`] = tensor;
    interventions.push({
      index,
      activation: "linear",
      orthogonal: false,
      projectionBias: own["proj_bias"] !== undefined,
      ...ownValue(kinds, type),
      block: layer,
      site,
      positions: positions ?? (isUntied ? "f1+l1" : "l1"),
      side: isUntied ? (earlier === 0 ? "prefix" : "suffix") : "both",
      rank: own["bias"]!.shape[0],
    });
  }
  requireEqualPairs(config, interventions, folder);
  return { interventions, tensors };
}

/** Requires that config.json lists every state dictionary: others would belong to another model. */
async function requireNoOthers(folder: string, config: readonly Representation[]): Promise<void> {
  const known = new Set(config.map(({ key }) => stateFile(key)));
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (!isStateFile(name) || known.has(name)) continue;
      throw new RequestError("is not listed in config.json; take both from one folder, or remove it", {
        file: join(folder, name),
      });
    }
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file: folder });
  }
}

/** Requires that a prefix and its suffix have equal ranks if config.json omits them. */
function requireEqualPairs(
  config: readonly Representation[],
  interventions: readonly JsonObject[],
  folder: string,
): void {
  for (const [index, { key, layer, site, rank }] of config.entries()) {
    const first = config.findIndex((other) => other.layer === layer && other.site === site);
    const [own, due] = [interventions[index]!["rank"], interventions[first]!["rank"]];
    if (own === due || rank !== undefined || config[first]!.rank !== undefined) continue;
    throw new RequestError(
      `has rank ${own} and ${stateFile(config[first]!.key)} at the same site ${due}; take both from one folder`,
      { file: join(folder, stateFile(key)) },
    );
  }
}

/**
 * The content of a folder as pyreft writes it: the text of config.json and the state dictionaries by their file names.
 */
export interface PyreftContent {
  readonly config: string;
  readonly states: Readonly<Record<string, Readonly<Record<string, TorchTensor>>>>;
}

/** What keeps an intervention from a pyreft folder; `undefined` if nothing does. */
export function pyreftFault(intervention: Intervention): string | undefined {
  const { kind, options: { activation }, site, head } = intervention;
  if (typeOf(intervention) === undefined) return `pyreft has no intervention like ${kind}; export another kind`;
  if (componentOf(intervention) === undefined || head !== undefined) {
    return `pyreft has no component like the site ${site}; export an edit at another`;
  }
  if (activation === "linear") return undefined;
  return `a pyreft folder does not record the activation ${activation}; export an edit without one`;
}

/** The name of pyreft's class. */
function typeOf({ kind, options }: Intervention): string | undefined {
  return Object.keys(kinds).find((name) => {
    const own = ownValue(kinds, name)!;
    return own.kind === kind && (own.orthogonal ?? false) === options.orthogonal;
  });
}

/** The name of pyvene's component. */
function componentOf({ site }: Intervention): string | undefined {
  return Object.keys(components).find((name) => ownValue(components, name) === site);
}

/**
 * What pyreft would save for interventions.
 *
 * @throws {RequestError} If pyreft has no equivalent of an intervention's kind or site.
 */
export function pyreftContent(interventions: readonly Intervention[], tensors: TensorMap): PyreftContent {
  const states: Record<string, Record<string, TorchTensor>> = {};
  const keys: string[] = [], types: string[] = [], representations: unknown[] = [];
  for (const intervention of interventions) {
    const fault = pyreftFault(intervention);
    if (fault !== undefined) throw new RequestError(fault);
    const { index, kind, block, rank, width, tensors: roles } = intervention;
    const type = typeOf(intervention), component = componentOf(intervention);
    const name = `layer_${block}_comp_${component}_unit_pos_nunit_1`;
    const key = `${name}#${keys.filter((known) => known.startsWith(`${name}#`)).length}`;
    keys.push(key);
    types.push(`<class 'pyreft.interventions.${type}'>`);
    representations.push([block, component, "pos", 1, rank, ...new Array(9).fill(null)]);
    const own = Object.fromEntries(Object.keys(roles).map((name) => [name, tensors[`${index}.${name}`]!]));
    putValue(states, stateFile(key), stateOf(kind, own, width));
  }
  const config = {
    intervention_constant_sources: keys.map(() => true),
    intervention_dimensions: interventions.map(({ width }) => width),
    intervention_types: types,
    mode: "parallel",
    representations,
    sorted_keys: keys,
    transformers_version: "4.45.1",
  };
  return { config: JSON.stringify(config, null, 2) + "\n", states };
}

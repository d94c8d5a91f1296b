/**
 * Folders that pyreft's `ReftModel.save` writes: config.json and a state dictionary for each intervention. They say nothing
 * of positions, which pyreft is given with each call, nor of activations.
 *
 * @module
 */
import { join } from "node:path";
import type { TensorMap } from "../compile/initial.ts";
import { householder } from "../compile/householder.ts";
import type { Intervention } from "../compile/adaptations.ts";
import { RequestError } from "../errors.ts";
import type { SiteName } from "../models/architecture.ts";
import { isJsonObject, type JsonObject, readJsonObject } from "../models/files.ts";
import { suggest } from "../suggest.ts";
import { readTorchFile, type TorchTensor } from "./torch_file.ts";

/** pyreft's classes by the kinds of edit that they are. */
const kinds: Readonly<Record<string, { readonly kind: Intervention["kind"]; readonly orthogonal?: true }>> = {
  LoreftIntervention: { kind: "loreft" },
  NoreftIntervention: { kind: "noreft" },
  ConsreftIntervention: { kind: "consreft" },
  LobireftIntervention: { kind: "lobireft" },
  DireftIntervention: { kind: "direft", orthogonal: true },
  NodireftIntervention: { kind: "direft" },
};

/** pyvene's components by the sites that they are. */
const components: Readonly<Record<string, SiteName>> = {
  block_input: "block.input",
  block_output: "block.output",
  attention_output: "attention.output",
  query_output: "attention.query",
  key_output: "attention.key",
  value_output: "attention.value",
  mlp_activation: "mlp.activation",
  mlp_output: "mlp.output",
};

/** What a folder of pyreft's holds, as intervention.json lists it and with the tensors in saved form. */
export interface PyreftFolder {
  readonly interventions: readonly JsonObject[];
  readonly tensors: TensorMap;
}

/**
 * Reads a folder.
 *
 * @param positions Which tokens the interventions edit; those of a layer's second intervention are the suffix.
 * @throws {RequestError} If config.json or a state dictionary is absent, not sound, or of a kind that Refract lacks.
 */
export async function readPyreftFolder(folder: string, positions: string | undefined): Promise<PyreftFolder> {
  const config = await readConfig(folder);
  const places = config.map(({ layer, site }) => `${site} ${layer}`);
  const isUntied = new Set(places).size < places.length;
  const interventions: JsonObject[] = [], tensors: Record<string, TensorMap[string]> = {};
  for (const [index, { key, layer, site, type }] of config.entries()) {
    const path = join(folder, `intkey_${key}.bin`);
    const state = await readTorchFile(path);
    const own = savedForm(state, kinds[type]!, path);
    for (const [name, tensor] of Object.entries(own)) tensors[`${index}.${name}`] = tensor;
    const earlier = places.slice(0, index).filter((place) => place === places[index]).length;
    if (earlier > 1) {
      throw new RequestError(
        `${key} is a third intervention at its place; at most a prefix's and a suffix's are known`,
        {
          file: join(folder, "config.json"),
        },
      );
    }
    interventions.push({
      index,
      activation: "linear",
      orthogonal: false,
      projectionBias: own["proj_bias"] !== undefined,
      ...kinds[type],
      block: layer,
      site,
      positions: positions ?? (isUntied ? "f1+l1" : "l1"),
      side: isUntied ? (earlier === 0 ? "prefix" : "suffix") : "both",
      rank: own["bias"]!.shape[0],
    });
  }
  return { interventions, tensors };
}

interface Representation {
  readonly key: string;
  readonly layer: number;
  readonly site: SiteName;
  readonly type: string;
}

async function readConfig(folder: string): Promise<Representation[]> {
  const file = join(folder, "config.json");
  const config = await readJsonObject(file, "save the model again");
  if (config === undefined) {
    throw new RequestError("there is no config.json; give a folder that ReftModel.save wrote", { file: folder });
  }
  const { representations, sorted_keys: keys, intervention_types: types } = config;
  if (!Array.isArray(representations) || !Array.isArray(keys) || !Array.isArray(types) || keys.length === 0) {
    throw new RequestError(
      "lists no representations, sorted_keys and intervention_types; ReftModel.save did not write it",
      {
        file,
      },
    );
  }
  if (representations.length !== keys.length || types.length !== keys.length) {
    throw new RequestError("lists different numbers of representations, keys and types; save the model again", {
      file,
    });
  }
  return keys.map((key: unknown, index) => {
    const given: unknown = representations[index];
    const [layer, component] = Array.isArray(given)
      ? given
      : isJsonObject(given)
      ? [given["layer"], given["component"]]
      : [];
    const type = /\.(\w+)'>$/.exec(String(types[index]))?.[1] ?? String(types[index]);
    if (!Object.hasOwn(kinds, type)) {
      throw new RequestError(`the intervention type ${type} is not known; ${suggest(type, Object.keys(kinds))}`, {
        file,
      });
    }
    const site = components[String(component)];
    if (site === undefined || !Number.isInteger(layer)) {
      throw new RequestError(
        `the component ${JSON.stringify(component)} of layer ${layer} is not known; ${
          suggest(String(component), Object.keys(components))
        }`,
        { file },
      );
    }
    if (typeof key !== "string" || /[/\\]/.test(key)) {
      throw new RequestError(`the key ${JSON.stringify(key)} is no file's name; save the model again`, { file });
    }
    return { key, layer: layer as number, site, type };
  });
}

type State = ReadonlyMap<string, TorchTensor & { readonly data: Float32Array }>;

/** The tensors of a state dictionary by Refract's names, all in the shapes that the names stand for. */
function savedForm(state: State, { kind, orthogonal }: (typeof kinds)[string], file: string): TensorMap {
  const need = (name: string, rank: number) => {
    const found = state.get(name);
    if (found === undefined) {
      throw new RequestError(`lacks ${name}, which a ${kind} of pyreft has; it may be another intervention's`, {
        file,
      });
    }
    if (found.shape.length !== rank) {
      throw new RequestError(`has ${name} as [${found.shape.join(", ")}], not of ${rank} axes; save it again`, {
        file,
      });
    }
    return { data: Float32Array.from(found.data), shape: found.shape };
  };
  if (kind === "loreft") return { rotate: need("rotate_layer", 2), weight: need("weight", 2), bias: need("bias", 1) };
  const isConstant = kind === "consreft" || kind === "lobireft";
  const source = isConstant
    ? { bias: need("learned_source", 1) }
    : { weight: need("learned_source.weight", 2), bias: need("learned_source.bias", 1) };
  if (!isConstant && !orthogonal) {
    const bias = state.has("proj_layer.bias") ? { proj_bias: need("proj_layer.bias", 1) } : {};
    return { proj: need("proj_layer.weight", 2), ...bias, ...source };
  }
  const prefix = "rotate_layer.parametrizations.weight";
  const free = need(`${prefix}.original`, 2), base = need(`${prefix}.0.base`, 2);
  const [width, rank] = free.shape as readonly [number, number];
  if (base.shape.join() !== [width, width].join()) {
    throw new RequestError(`has a base [${base.shape.join(", ")}] where [${width}, ${width}] is due; save it again`, {
      file,
    });
  }
  return { rotate: { data: rotationOf(free.data, base.data, width, rank), shape: free.shape }, ...source };
}

/** `base · H(X) · diag(X)` as torch's orthogonal parametrization has it, H the product of X's Householder reflections. */
function rotationOf(free: Float32Array, base: Float32Array, width: number, rank: number): Float32Array<ArrayBuffer> {
  const rotation = new Float32Array(width * rank);
  for (let column = 0; column < rank; column++) {
    const vector = new Float64Array(width);
    vector[column] = 1;
    for (let reflection = rank - 1; reflection >= 0; reflection--) {
      const entry = (row: number) => row === reflection ? 1 : free[row * rank + reflection]!;
      let norm = 0, dot = 0;
      for (let row = reflection; row < width; row++) {
        norm += entry(row) ** 2;
        dot += entry(row) * vector[row]!;
      }
      for (let row = reflection; row < width; row++) vector[row]! -= 2 * dot / norm * entry(row);
    }
    const sign = Math.trunc(free[column * rank + column]!);
    for (let row = 0; row < width; row++) {
      let sum = 0;
      for (let inner = 0; inner < width; inner++) sum += base[row * width + inner]! * vector[inner]!;
      rotation[row * rank + column] = sum * sign;
    }
  }
  return rotation;
}

/** The content of a folder as pyreft writes it: config.json's text and the state dictionaries by their files' stems. */
export interface PyreftContent {
  readonly config: string;
  readonly states: Readonly<Record<string, Readonly<Record<string, TorchTensor>>>>;
}

/**
 * What pyreft would save of interventions.
 *
 * @throws {RequestError} If pyreft has nothing of an intervention's kind or site.
 */
export function pyreftContent(interventions: readonly Intervention[], tensors: TensorMap): PyreftContent {
  const states: Record<string, Record<string, TorchTensor>> = {};
  const keys: string[] = [], types: string[] = [], representations: unknown[] = [];
  for (const { index, kind, options, site, block, head, rank, width, tensors: roles } of interventions) {
    const type = Object.keys(kinds).find((name) => {
      return kinds[name]!.kind === kind && (kinds[name]!.orthogonal ?? false) === options.orthogonal;
    });
    const component = Object.keys(components).find((name) => components[name] === site);
    if (type === undefined) throw new RequestError(`pyreft has no intervention like ${kind}; export another`);
    if (component === undefined || head !== undefined) {
      throw new RequestError(`pyreft has no component like the site ${site}; export an edit at another`);
    }
    if (options.activation !== "linear") {
      throw new RequestError(
        `pyreft's folders do not hold the activation ${options.activation}; export an edit without`,
      );
    }
    const place = `layer_${block}_comp_${component}_unit_pos_nunit_1`;
    const key = `${place}#${keys.filter((known) => known.startsWith(`${place}#`)).length}`;
    keys.push(key);
    types.push(`<class 'pyreft.interventions.${type}'>`);
    representations.push([block, component, "pos", 1, rank, ...new Array(9).fill(null)]);
    const own = Object.fromEntries(Object.keys(roles).map((name) => [name, tensors[`${index}.${name}`]!]));
    states[`intkey_${key}`] = stateOf(kind, own, width);
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

function stateOf(kind: Intervention["kind"], own: TensorMap, width: number): Record<string, TorchTensor> {
  const { rotate, proj, proj_bias, weight, bias } = own as Readonly<Record<string, TorchTensor>>;
  if (kind === "loreft") return { weight: weight!, bias: bias!, rotate_layer: rotate! };
  const number = { shape: [], data: BigInt64Array.of(BigInt(width)) };
  return {
    ...weight === undefined ? { learned_source: bias! } : {},
    embed_dim: number,
    interchange_dim: number,
    ...rotate === undefined ? { "proj_layer.weight": proj! } : restingRotation(rotate),
    ...proj_bias === undefined ? {} : { "proj_layer.bias": proj_bias },
    ...weight === undefined ? {} : { "learned_source.weight": weight, "learned_source.bias": bias! },
  };
}

/** A rotation as torch's orthogonal parametrization holds it before it is trained: free numbers at rest over a base. */
function restingRotation({ data, shape }: TorchTensor): Record<string, TorchTensor> {
  const [width, rank] = shape as readonly [number, number];
  const { reflectors, triangle, signs } = householder(data as Float32Array, width, rank);
  const free = new Float32Array(width * rank), base = new Float32Array(width * width);
  for (let column = 0; column < rank; column++) free[column * rank + column] = -1;
  for (let column = 0; column < width; column++) {
    const sign = column < rank ? signs[column]! : 1;
    const coefficients = Array.from({ length: rank }, (_, row) => {
      let sum = 0;
      for (let inner = 0; inner < rank; inner++) {
        sum += triangle[row * rank + inner]! * reflectors[column * rank + inner]!;
      }
      return sum;
    });
    for (let row = 0; row < width; row++) {
      let sum = row === column ? 1 : 0;
      for (let inner = 0; inner < rank; inner++) sum -= reflectors[row * rank + inner]! * coefficients[inner]!;
      base[row * width + column] = sum * sign;
    }
  }
  const prefix = "rotate_layer.parametrizations.weight";
  return { [`${prefix}.original`]: { data: free, shape }, [`${prefix}.0.base`]: { data: base, shape: [width, width] } };
}

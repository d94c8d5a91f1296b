/** Folders saved by peft, converted to Refract's adapters. @module */
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { JsonObject } from "../../common/files.ts";
import { quote } from "../../common/suggest.ts";
import { type BlockProjection, blockProjections } from "../../compile/lower/adapters.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { EditedModel } from "../../models/architecture/architecture.ts";
import type { ReadTensor } from "../torch_file.ts";
import type { PeftConfig, PeftLora } from "./config.ts";
import { modulePath, parsePeftName, peftKinds, peftName, prefixTensor } from "./names.ts";
import { readPeftTensors } from "./tensors.ts";
import { byPattern, isTargeted, matchesNames } from "./targets.ts";

/** The content of a folder, as intervention.json lists it and with the tensors in saved form. */
interface PeftFolder {
  readonly interventions: readonly JsonObject[];
  readonly tensors: TensorMap;
}

/** An adapter's file and config. */
interface Source<Config extends PeftConfig = PeftConfig> {
  readonly config: Config;
  readonly tensors: ReadonlyMap<string, ReadTensor>;
  /** For messages. */
  readonly file: string;
}

/**
 * Reads a folder's tensors.
 *
 * @param config Its adapter_config.json.
 * @param model The model that the adapter is for.
 * @throws {RequestError} If a tensor is missing, not finite, for another model or rank, or of a kind that Refract
 * lacks.
 */
export async function readPeftFolder(folder: string, config: PeftConfig, model: EditedModel): Promise<PeftFolder> {
  const { file, tensors } = await readPeftTensors(folder);
  return config.type === "PREFIX_TUNING"
    ? prefixOf({ config, tensors, file }, model)
    : adaptersOf({ config, tensors, file }, model);
}

/** A module, and what the file holds for it, by the last parts of peft's names. */
interface Found {
  readonly path: string;
  readonly place: BlockProjection;
  readonly held: ReadonlyMap<string, ReadTensor>;
}

function adaptersOf(source: Source<Exclude<PeftConfig, { type: "PREFIX_TUNING" }>>, model: EditedModel): PeftFolder {
  const { config, file } = source, kind = config.type === "IA3" ? "ia3" : config.kind;
  const names = peftKinds[kind]!.tensors, known = Object.values(names).flat();
  const interventions: JsonObject[] = [], tensors: Record<string, ReadTensor> = {};
  for (const { path, place, held } of modulesOf(source, model)) {
    const index = interventions.length, own: Record<string, ReadTensor> = {};
    const foreign = [...held.keys()].find((tensor) => !known.includes(tensor));
    if (foreign !== undefined) {
      throw new RequestError(
        `holds ${peftName(path, foreign)}, which is not part of a ${kind} adapter; take both files from one folder`,
        {
          file,
        },
      );
    }
    for (const [name, [now, ...earlier]] of Object.entries(names)) {
      const tensor = [now!, ...earlier].map((each) => held.get(each)).find((each) => each !== undefined);
      if (tensor === undefined) {
        throw new RequestError(`lacks ${peftName(path, now!)}, which target_modules requires; save the adapter again`, {
          file,
        });
      }
      putValue(own, name, tensor);
    }
    const { rank, scaling } = config.type === "IA3" ? { rank: 1, scaling: 1 } : sizesOf(config, path, own, file);
    const scalesInput = place.site === "mlp.output";
    if (config.type === "IA3") requireSide(path, scalesInput, matchesNames(path, config.feedforward), file);
    const shapes = { lora_A: [rank, place.inputs], lora_B: [place.outputs, rank], magnitude: [place.outputs] };
    const scale = scalesInput ? [1, place.inputs] : [place.outputs, 1];
    for (const [name, { data, shape }] of Object.entries(own)) {
      const due = { ...shapes, scale }[name as keyof typeof shapes | "scale"];
      requireShape(peftName(path, ownValue(names, name)![0]!), shape, due, file);
      putValue(tensors, `${index}.${name}`, { data, shape: name === "scale" ? [data.length] : shape });
    }
    const site = place.stack === undefined ? place.site : `${place.stack}.${place.site}`;
    const dropout = config.type === "LORA" && config.dropout > 0 ? { dropout: config.dropout } : {};
    interventions.push({
      ...{ index, kind, rank, scaling, scalesInput, ...dropout },
      ...{ block: place.block, site, module: place.name },
    });
  }
  return { interventions, tensors };
}

/** The modules that the file has tensors for, block by block; they must be exactly those that the config names. */
function modulesOf({ config, tensors, file }: Source, model: EditedModel): Found[] {
  const held = new Map<string, Map<string, ReadTensor>>();
  for (const [name, tensor] of tensors) {
    const parsed = parsePeftName(name);
    if (parsed === undefined) {
      throw new RequestError(
        `holds ${quote(name)}, which is not an adapter of a projection; save the adapter without it`,
        {
          file,
        },
      );
    }
    held.getOrInsertComputed(parsed.path, () => new Map()).set(parsed.tensor, tensor);
  }
  const places = blockProjections(model), { barePrefix = "" } = model;
  // A class without a head omits a prefix that the one with a head has in all names.
  const isBare = barePrefix !== "" && [...held.keys()].every((path) => !path.startsWith(barePrefix));
  const named = places.map((place) => ({ place, path: modulePath(place, isBare ? barePrefix : "") }));
  const foreign = [...held.keys()].find((path) => !named.some((each) => each.path === path));
  if (foreign !== undefined) {
    throw new RequestError(
      `adapts ${quote(foreign)}, which is not a projection of the model's blocks that can be adapted; check --model`,
      { file },
    );
  }
  if (config.type === "PREFIX_TUNING") return [];
  const { targets } = config;
  const found = named.flatMap((each): Found[] => {
    const own = held.get(each.path), isMeant = isTargeted(each, targets);
    if (own !== undefined && !isMeant) {
      throw new RequestError(
        `adapts ${each.path}, which target_modules does not name; take both files from one folder`,
        { file },
      );
    }
    return isMeant ? [{ ...each, held: own ?? new Map() }] : [];
  });
  if (found.length > 0) return found;
  throw new RequestError("adapts no projection of the model; check --model", { file });
}

/** The rank of a module's adapter and its scaling. */
function sizesOf(
  { rank: usualRank, alpha: usualAlpha, ranks, alphas, rankStabilized }: PeftLora,
  path: string,
  own: Readonly<Record<string, ReadTensor>>,
  file: string,
): { readonly rank: number; readonly scaling: number } {
  const rank = byPattern(path, ranks) ?? usualRank, alpha = byPattern(path, alphas) ?? usualAlpha;
  const found = own["lora_A"]!.shape[0];
  if (found !== rank) {
    throw new RequestError(
      `${peftName(path, "lora_A.weight")} has rank ${found} where adapter_config.json says ${rank}; take both files ` +
        "from one folder",
      { file },
    );
  }
  return { rank, scaling: alpha / (rankStabilized ? Math.sqrt(rank) : rank) };
}

function requireSide(path: string, scalesInput: boolean, isFeedforward: boolean, file: string): void {
  if (scalesInput === isFeedforward) return;
  throw new RequestError(
    scalesInput
      ? `feedforward_modules omits ${path}, whose input Refract's (IA)³ scales; train with it included`
      : `feedforward_modules names ${path}, whose output Refract's (IA)³ scales; train without it`,
    { file },
  );
}

function requireShape(name: string, shape: readonly number[], due: readonly number[], file: string): void {
  if (shape.join() === due.join()) return;
  throw new RequestError(
    `${name} is [${shape.join(", ")}] where the model needs [${due.join(", ")}]; check --model`,
    { file },
  );
}

/** A prefix [tokens, blocks · 2 · heads · width] as each block's keys and values [heads, tokens, width]. */
function prefixOf(
  { config: { tokens }, tensors, file }: Source<PeftConfig & { type: "PREFIX_TUNING" }>,
  model: EditedModel,
): PeftFolder {
  const { blocks, heads, encoder } = model, prefix = tensors.get(prefixTensor);
  if (encoder !== undefined) {
    throw new RequestError("prefix tuning is for decoder-only models; check --model");
  }
  if (heads === undefined) throw new TypeError("Prefix tuning needs to know the model's heads");
  const foreign = [...tensors.keys()].find((name) => name !== prefixTensor);
  if (prefix === undefined || foreign !== undefined) {
    throw new RequestError(
      prefix === undefined
        ? `lacks ${prefixTensor}, which prefix tuning has; save the adapter again`
        : `holds ${quote(foreign!)} besides ${prefixTensor}; take both files from one folder`,
      { file },
    );
  }
  const { keyValueHeads, headWidth } = heads;
  requireShape(prefixTensor, prefix.shape, [tokens, blocks * 2 * keyValueHeads * headWidth], file);
  const found: Record<string, ReadTensor> = {}, shape = [keyValueHeads, tokens, headWidth];
  for (let block = 0; block < blocks; block++) {
    for (const [part, name] of ["key", "value"].entries()) {
      const data = new Float32Array(keyValueHeads * tokens * headWidth);
      for (let token = 0; token < tokens; token++) {
        for (let head = 0; head < keyValueHeads; head++) {
          const from = (((token * blocks + block) * 2 + part) * keyValueHeads + head) * headWidth;
          data.set(prefix.data.subarray(from, from + headWidth), (head * tokens + token) * headWidth);
        }
      }
      found[`${block}.${name}`] = { data, shape };
    }
  }
  const listed = (block: number) => ({ index: block, kind: "prefixTuning", tokens, block, site: "attention.key" });
  return { interventions: Array.from({ length: blocks }, (_, block) => listed(block)), tensors: found };
}

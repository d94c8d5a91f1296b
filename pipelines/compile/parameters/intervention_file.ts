/**
 * Adaptations as listed in intervention.json, next to the file of their tensors.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import { adapters, isAdapterName } from "../../../ops/adapters/mod.ts";
import { usualOptions } from "../../../ops/interventions/intervention.ts";
import { type InterventionName, interventions, isInterventionName } from "../../../ops/interventions/mod.ts";
import { RequestError } from "../../common/errors.ts";
import type { EditedModel } from "../../models/architecture/architecture.ts";
import { isJsonObject, type JsonObject, parseJsonObject, readFileIfPresent } from "../../common/files.ts";
import type { Truncation } from "../../data/length_limits.ts";
import { isQuantization, type QuantizationName } from "../../models/weights/quantization.ts";
import type { Resolved, SavedSpec, TrainableSpec } from "../../spec/mod.ts";
import { requireOwnDescription } from "./description_digest.ts";
import { lowerOne } from "../lower/lower_adaptations.ts";
import type { Adaptation, LoweredAdaptation } from "../lower/adaptation.ts";
import { isHeadKind } from "../lower/heads.ts";

/** The content of intervention.json. */
export interface InterventionDescription {
  /** The base model, as the pipeline named it. */
  readonly base: string;
  /** The base model's width. */
  readonly width: number;
  /**
   * The digest of the base model's weights, as `weightsDigest` computes it; absent if its files were not read as a whole
   * or another program trained the intervention.
   */
  readonly baseWeights?: string;
  /** How a head's training cut rows, which its evaluations do as well; absent without a head or a limit. */
  readonly cut?: RowCut;
  /** The format of the base model's quantized projections; absent if they were not quantized. */
  readonly quantize?: QuantizationName;
  /** The adaptations, in the order of their indices. */
  readonly interventions: readonly JsonObject[];
}

/** How rows that are too long are cut. */
export interface RowCut {
  /** The maximum number of tokens in a row. */
  readonly maxLength: number;
  /** Which end is cut; the usual one if omitted. */
  readonly truncate?: Truncation;
}

/** The names of a stored intervention's files within its folder. */
export const interventionFileNames = { description: "intervention.json", tensors: "weights.safetensors" } as const;

/** The listing of an adaptation; a selection by a function is null. */
function describeAdaptation(adaptation: Adaptation): JsonObject {
  const { index, kind, options, block = null } = adaptation;
  if (adaptation.form === "head") {
    const { labels, options: { frozen } } = adaptation;
    return { index, kind, ...labels.length === 0 ? {} : { labels }, frozen };
  }
  const site = adaptation.stack === undefined ? adaptation.site : `${adaptation.stack}.${adaptation.site}`;
  if (adaptation.form === "prefix") return { index, kind, ...options, block, site };
  const dropout = adaptation.dropout === 0 ? {} : { dropout: adaptation.dropout };
  if (adaptation.form === "adapter") {
    const { module, positions } = adaptation;
    return {
      index,
      kind,
      ...options,
      ...dropout,
      block,
      site,
      module,
      ...positions === undefined ? {} : { positions },
    };
  }
  const { head, positionsText, positions: { selector, short }, subspace, side, rank } = adaptation;
  return {
    ...{ index, kind, ...options, ...dropout, block, site },
    ...head === undefined ? {} : { head },
    positions: selector?.isFunction ? null : positionsText,
    ...short === undefined ? {} : { short },
    ...subspace === undefined ? {} : { subspace: subspace.isFunction ? null : subspace.name },
    side,
    rank,
  };
}

/** The base model's part of a description. */
interface DescribedBase extends Pick<InterventionDescription, "base" | "width"> {
  readonly baseWeights?: string | undefined;
  readonly cut?: RowCut | undefined;
  readonly quantize?: QuantizationName | undefined;
}

/** intervention.json's text without its digests. */
export function describeAll(
  { base, width, baseWeights, cut, quantize }: DescribedBase,
  adaptations: readonly Adaptation[],
): string {
  const interventions = adaptations.map(describeAdaptation);
  return JSON.stringify({ base, width, baseWeights, cut, quantize, interventions }, null, 2) + "\n";
}

/**
 * What to say of an intervention that is used with other weights than it was trained with, as after an update of its
 * base model; `undefined` if they are the same, or if it is not known.
 *
 * @param file Of the description.
 * @param used The digest of the weights.
 * @param name The name of the model that has them.
 */
export function otherWeights(
  { base, baseWeights }: Pick<InterventionDescription, "base" | "baseWeights">,
  file: string,
  used: string | undefined,
  name: string,
): string | undefined {
  if (baseWeights === undefined || used === undefined || baseWeights === used) return undefined;
  const difference = base === name ? `other weights of ${name} than these` : `${base} and is used with ${name}`;
  return `${file}: it was trained with ${difference}, so its answers may differ`;
}

/**
 * Reads a folder's intervention.json.
 *
 * @throws {RequestError} If it is absent, does not have the form that {@linkcode describeAll} writes, or has changed
 * since it was written for the weights next to it.
 */
export async function readDescription(folder: string): Promise<InterventionDescription> {
  const file = join(folder, interventionFileNames.description);
  const bytes = await readFileIfPresent(file);
  if (bytes === undefined) {
    throw new RequestError("there is no intervention.json; give the folder of a trained or imported intervention", {
      file: folder,
    });
  }
  const found = parseJsonObject(bytes, file, "train or import the intervention again");
  await requireOwnDescription(bytes, found, file, join(folder, interventionFileNames.tensors));
  const { base, width, baseWeights, cut, quantize, interventions } = found;
  if (quantize !== undefined && !isQuantization(quantize)) {
    throw new RequestError(`has the unknown quantize ${JSON.stringify(quantize)}; train it again`, { file });
  }
  if (
    typeof base !== "string" || typeof width !== "number" || !Array.isArray(interventions) ||
    interventions.length === 0 || !interventions.every(isJsonObject)
  ) {
    throw new RequestError("does not list a base, a width and interventions; train or import it again", { file });
  }
  const named = interventions.map((each) => ({ ...each, kind: nowNamed(each["kind"]) }));
  return {
    base,
    width,
    ...typeof baseWeights === "string" ? { baseWeights } : {},
    ...cut === undefined ? {} : { cut: readCut(cut, file) },
    ...quantize === undefined ? {} : { quantize },
    interventions: named,
  };
}

function readCut(cut: unknown, file: string): RowCut {
  const { maxLength, truncate } = isJsonObject(cut) ? cut : {};
  if (typeof maxLength === "number") {
    if (truncate === undefined) return { maxLength };
    if (truncate === "left" || truncate === "right") return { maxLength, truncate };
  }
  throw new RequestError(`has the unknown cut ${JSON.stringify(cut)}; train it again`, { file });
}

/** Current kinds by the former names under which they may have been saved. */
const formerNames: Readonly<Record<string, InterventionName>> = { reftR1: "gatedDirection" };

function nowNamed(kind: unknown): unknown {
  return typeof kind === "string" ? ownValue(formerNames, kind) ?? kind : kind;
}

/** Selectors that replace an intervention's stored ones. */
interface SelectorOverrides {
  readonly positions?: Resolved<SavedSpec>["positions"] | undefined;
  readonly short?: Resolved<SavedSpec>["short"] | undefined;
  readonly subspace?: Resolved<SavedSpec>["subspace"] | undefined;
}

/**
 * The adaptations of a description, lowered for a model as if they had been declared.
 *
 * @param declare Throws if a declaration is invalid.
 * @param overrides Replace the stored selectors.
 */
export function lowerDescription(
  { width, interventions }: InterventionDescription,
  architecture: EditedModel,
  declare: (declared: unknown) => Resolved<TrainableSpec>,
  overrides: SelectorOverrides = {},
): LoweredAdaptation[] {
  if (width !== architecture.width) {
    throw new RequestError(
      `the intervention is for a model of width ${width}, but this one has ${architecture.width}; use it with its own base model`,
    );
  }
  return interventions.map((stored) => {
    const adaptation = lowerOne(declare(declared[formOf(stored)](stored, overrides)), architecture).find((each) => {
      if (each.form === "intervention") return each.side === stored["side"];
      if (each.form === "head") return true;
      // One module's name may end another's, as output.dense does BERT's attention.output.dense.
      return each.block === stored["block"] && (each.form === "prefix" || each.module === stored["module"]);
    });
    if (adaptation === undefined) {
      throw new RequestError(
        `intervention ${stored["index"]} edits the ${stored["side"]}, but the positions have no such side; give fN+lM`,
      );
    }
    return adaptation;
  });
}

/** The selectors given, otherwise the stored ones, which cannot be functions. */
function selectorsOf(stored: JsonObject, overrides: SelectorOverrides): Record<string, unknown> {
  const selectors: Record<string, unknown> = {};
  for (const name of ["positions", "short", "subspace"] as const) {
    const selector = overrides[name] ?? stored[name];
    if (selector === null) {
      throw new RequestError(
        `a function chose the ${name} of intervention ${stored["index"]}, which a file cannot store; pass it again, ` +
          `as in saved(folder, { ${name} })`,
      );
    }
    if (selector !== undefined) selectors[name] = selector;
  }
  return selectors;
}

/** The form of an adaptation as it is listed. */
export function formOf({ kind, module }: JsonObject): Adaptation["form"] {
  if (module !== undefined) return "adapter";
  return kind === "prefixTuning" ? "prefix" : isHeadKind(kind) ? "head" : "intervention";
}

/** The declaration that corresponds to a listed adaptation, by form. */
const declared: Readonly<Record<Adaptation["form"], (stored: JsonObject, overrides: SelectorOverrides) => unknown>> = {
  prefix({ index: _, block: __, site: ___, ...rest }) {
    return rest;
  },
  head({ index: _, block: __, site: ___, ...rest }) {
    return { ...rest, fresh: false };
  },
  adapter({ kind, block, site, module, dropout, rank, scaling, positions }) {
    const [stack] = splitSite(site);
    return {
      kind,
      blocks: [block],
      ...stack === undefined ? {} : { stack },
      modules: [module],
      ...isAdapterName(kind) ? adapters[kind].settingsOf({ rank: Number(rank), scaling: Number(scaling) }) : {},
      ...dropout === undefined ? {} : { dropout },
      ...positions === undefined ? {} : { positions },
    };
  },
  intervention({ index, block, site, head, side, rank, ...rest }, overrides) {
    const [stack, name] = splitSite(site);
    const at = {
      ...block === null ? {} : { blocks: [block] },
      ...stack === undefined ? {} : { stack },
      site: name,
      ...head === undefined ? {} : { head },
    };
    const usual: JsonObject = { ...usualOptions };
    return {
      ...Object.fromEntries(Object.entries(rest).filter(([name, value]) => ownValue(usual, name) !== value)),
      ...isInterventionName(rest["kind"]) && !interventions[rest["kind"]].hasRank ? {} : { rank },
      at,
      tied: side === "both",
      ...selectorsOf({ ...rest, index }, overrides),
    };
  },
};

/** Splits a site's text into its stack, if named, and the site within it. */
function splitSite(site: unknown): readonly [stack: string | undefined, name: string | undefined] {
  const [, stack, name] = /^(?:(encoder|decoder)\.)?(.*)$/.exec(String(site)) ?? [];
  return [stack, name];
}

/** The settings of a member's stages, as results list them. @module */
import { pathFrom } from "../../common/relative_path.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { MemberRecord } from "../../results/results.ts";
import type { AxisLabel } from "../../spec/mod.ts";
import type { PreparedMember, PreparedStage } from "../prepare/prepared.ts";

/** The maximum length of a setting's text. */
const mostText = 200;

/** Fields that hold a path, relative to the pipeline's folder or absolute, or a hub id. */
const pathFields = ["source", "path", "folder", "initial"];

/**
 * All settings of a member's stages, by stage and path: edits, rows, optimizers, metrics and decodings.
 *
 * @param base The folder that paths are made relative to.
 */
export function hyperparametersOf({ stages }: PreparedMember, base: string): NonNullable<MemberRecord["settings"]> {
  return Object.fromEntries(
    stages.map((stage) => [`${stage.kind} ${stage.name}`, settingsOf(withPathsFrom(base, stage))]),
  );
}

/** A stage whose spec has all paths relative to a folder. */
function withPathsFrom<Stage extends PreparedStage>(base: string, stage: Stage): Stage {
  const visit = (value: unknown, name: string): unknown => {
    if (typeof value === "string") return pathFields.includes(name) ? pathFrom(base, value) : value;
    if (typeof value !== "object" || value === null || name === "records") return value;
    if (Array.isArray(value)) return value.map((each) => visit(each, name));
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, name)]));
  };
  return { ...stage, spec: visit(stage.spec, "") };
}

function settingsOf({ spec, training }: PreparedStage & { readonly training?: unknown }) {
  const { kind: _, model, data, ...settings } = spec;
  // A model that a training provides is listed with the training.
  const declared = training === undefined ? modelSettings(model) : [];
  return Object.fromEntries([...declared, ["data", rowsText(data)] as const, ...scalarsIn(settings, "")]);
}

/** The base model and its adaptations. */
function modelSettings(model: PreparedStage["spec"]["model"]): (readonly [string, AxisLabel])[] {
  if (model.kind !== "model") return scalarsIn(model, "model");
  const { base: { kind: _, source, ...base }, edits } = model;
  return [
    ["base", shortened(source)],
    ...scalarsIn(base, "base"),
    ...scalarsIn(edits, edits.length === 1 ? "edit" : "edits"),
  ];
}

/** Rows as a pipeline file writes them, without their templates. */
function rowsText(data: Dataset): string {
  const { kind, ...rest } = data;
  if ("of" in data) {
    const { of: _, ...view } = rest as Readonly<Record<string, unknown>>;
    return shortened(`${rowsText(data.of)}.${kind}(${scalarsIn(view, "").map(([, value]) => value).join(", ")})`);
  }
  const { template: _, conversations, ...source } = rest as Readonly<Record<string, unknown>>;
  return shortened(
    `${kind}(${scalarsIn({ ...source, ...nested(conversations) }, "").map(([, value]) => value).join(", ")})`,
  );
}

const nested = (value: unknown) => typeof value === "object" && value !== null ? value : {};

function scalarsIn(value: unknown, path: string): (readonly [string, AxisLabel])[] {
  if (typeof value === "string") return [[path, shortened(value)]];
  if (typeof value === "number" || typeof value === "boolean") return [[path, value]];
  if (typeof value === "function") return [[path, "a function"]];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return listed(value, path);
  const within = (name: string) => path === "" ? name : name === "kind" ? path : `${path}.${name}`;
  return Object.entries(value).flatMap(([name, inner]) => name === "data" ? [] : scalarsIn(inner, within(name)));
}

/** Scalars are listed as one text; each of several objects gets its own path. */
function listed(values: readonly unknown[], path: string): (readonly [string, AxisLabel])[] {
  if (path === "records") return [[path, `${values.length} rows`]];
  if (values.length === 0) return [];
  if (values.every((each) => typeof each !== "object")) return [[path, shortened(values.join(", "))]];
  return values.flatMap((each, at) => scalarsIn(each, values.length === 1 ? path : `${path}.${at}`));
}

function shortened(text: string): string {
  return text.length > mostText ? `${text.slice(0, mostText)}…` : text;
}

/**
 * The kinds of sources. A source that reads files must list them, so that a run's manifest has their digests.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { passes } from "../common/checks.ts";
import type { Dataset, Source } from "./dataset.ts";
import { chat } from "./conversations.ts";
import type { FileUse } from "./files/record_kind.ts";
import { recordKinds } from "./files/record_kinds.ts";
import type { SourceKind } from "./source_kind.ts";
import { templated } from "./templated.ts";

/** Every kind of source. */
export const sourceKinds: { readonly [K in Source["kind"]]: SourceKind<Extract<Source, { kind: K }>> } = {
  jsonl: templated(recordKinds.jsonl),
  tsv: templated(recordKinds.tsv),
  csv: templated(recordKinds.csv),
  json: templated(recordKinds.json),
  parquet: templated(recordKinds.parquet),
  hub: templated(recordKinds.hub),
  folder: templated(recordKinds.folder),
  records: templated(recordKinds.records),
  chat,
};

/** The kind of a source. */
export function kindOf({ kind }: Source): SourceKind<Source> {
  return sourceKinds[kind];
}

function isSourceKind(kind: unknown): kind is Source["kind"] {
  return typeof kind === "string" && Object.hasOwn(sourceKinds, kind);
}

/** Whether a declared record is a source with valid settings. */
export function isSource(record: object): record is Source {
  if (!("kind" in record) || !isSourceKind(record.kind)) return false;
  const declared: Readonly<Record<string, unknown>> = { ...record };
  const { settings } = sourceKinds[record.kind];
  return Object.entries(settings).every(([name, check]) => passes(check, ownValue(declared, name), name));
}

/** The sources of a dataset's views: one, or several that follow each other. */
export function sourcesOf(dataset: Dataset): readonly Source[] {
  if (!("of" in dataset)) return [dataset];
  return [dataset.of, ..."others" in dataset ? dataset.others : []].flatMap(sourcesOf);
}

/** Whether some of a dataset's rows are conversations, whose last turn an evaluation generates. */
export function hasTurns(dataset: Dataset): boolean {
  return sourcesOf(dataset).some((source) => kindOf(source).hasTurns(source));
}

/** The files that a source reads, by their paths in the pipeline. */
export function filesOf(source: Source): readonly { readonly path: string; readonly use: FileUse }[] {
  const found: { path: string; use: FileUse }[] = [];
  kindOf(source).withFiles(source, (path, use) => {
    found.push({ path, use });
    return path;
  });
  return found;
}

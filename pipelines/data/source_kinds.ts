/** The kinds of sources. A source that reads files has to say which, so that a run's manifest has their digests. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { passes } from "../common/checks.ts";
import type { Dataset, Source } from "./dataset.ts";
import { chat } from "./conversations.ts";
import { jsonl } from "./jsonl.ts";
import { records } from "./records.ts";
import type { FileUse, SourceKind } from "./source_kind.ts";
import { tsv } from "./tsv.ts";

/** Every kind of source. */
export const sourceKinds: { readonly [K in Source["kind"]]: SourceKind<Extract<Source, { kind: K }>> } = {
  jsonl,
  tsv,
  records,
  chat,
};

/** The kind of a source. */
export function kindOf({ kind }: Source): SourceKind<Source> {
  return sourceKinds[kind];
}

function isSourceKind(kind: unknown): kind is Source["kind"] {
  return typeof kind === "string" && Object.hasOwn(sourceKinds, kind);
}

/** Whether a declared record is a source with settings that it can have. */
export function isSource(record: object): record is Source {
  if (!("kind" in record) || !isSourceKind(record.kind)) return false;
  const declared: Readonly<Record<string, unknown>> = { ...record };
  const { settings } = sourceKinds[record.kind];
  return Object.entries(settings).every(([name, check]) => passes(check, ownValue(declared, name), name));
}

/** What a dataset is a view of. */
export function sourceOf(dataset: Dataset): Source {
  return "of" in dataset ? sourceOf(dataset.of) : dataset;
}

/** The files that a source reads, by the paths that the pipeline has. */
export function filesOf(source: Source): readonly { readonly path: string; readonly use: FileUse }[] {
  const found: { path: string; use: FileUse }[] = [];
  kindOf(source).withFiles(source, (path, use) => {
    found.push({ path, use });
    return path;
  });
  return found;
}

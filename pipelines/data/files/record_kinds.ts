/** The kinds of rows by location, one record each. @module */
import { csv } from "./csv.ts";
import type { DeclaredRows } from "./declared.ts";
import { folder } from "./folder.ts";
import { hub } from "./hub.ts";
import { json } from "./json.ts";
import { jsonl } from "./jsonl.ts";
import { parquet } from "./parquet.ts";
import type { RecordKind } from "./record_kind.ts";
import { records } from "./records.ts";
import { tsv } from "./tsv.ts";

/** Every kind. */
export const recordKinds: {
  readonly [K in DeclaredRows["kind"]]: RecordKind<Extract<DeclaredRows, { readonly kind: K }>>;
} = { jsonl, tsv, csv, json, parquet, hub, folder, records };

/** The kind of some rows. */
export function recordKindOf({ kind }: DeclaredRows): RecordKind<DeclaredRows> {
  return recordKinds[kind];
}

/** What determines the examples that rows become, as a key of the store. @module */
import { createHash } from "node:crypto";
import { isAbsolute, resolve } from "node:path";
import { system } from "../../common/system.ts";
import { keyOf } from "../../common/content_key.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { FileReading } from "../../data/files/record_kind.ts";
import { recordText } from "../../data/files/record_text.ts";
import type { OpenRows } from "../../data/rows.ts";
import { filesOf, kindOf, sourcesOf } from "../../data/source_kinds.ts";
import { viewKindOf } from "../../data/view_kinds.ts";
import { fileDigest } from "../context/file_digests.ts";
import { compilerVersion } from "../context/compiler_version.ts";

/** What identifies rows in the store. */
export interface RowsIdentity {
  readonly key: string;
  /** The files that the rows are in; records refer to them by index. */
  readonly files: readonly string[];
  /** The total size of these files in bytes. */
  readonly bytes: number;
  /** For rows that are identified by content: its digest. */
  readonly content: string | undefined;
}

/**
 * What identifies rows: the files and their views, if all of these are read anyway; otherwise their content, so that no
 * more than that is read and functions need not be analysed.
 *
 * @param settings What else determines their examples.
 * @param least The minimum number of rows worth storing, among those identified by content.
 * @returns `undefined` for fewer, and for rows with values that no file can contain, which cannot be stored.
 */
export async function identityOf(
  data: Dataset,
  opened: OpenRows,
  reading: FileReading,
  settings: unknown,
  least: number,
): Promise<RowsIdentity | undefined> {
  const files: string[] = [], digests: string[] = [];
  let bytes = 0, isInFiles = true;
  for (const source of sourcesOf(data)) {
    const own = await kindOf(source).files(source, reading);
    isInFiles &&= own.length > 0;
    for (const { path } of own) {
      files.push(path);
      bytes += (await system.stat(path)).size;
    }
  }
  const base = { code: compilerVersion(), engine: system.version.v8, settings };
  if (isInFiles && readsAll(data)) {
    for (const path of files) digests.push(await fileDigest(path));
    for (const { path } of sourcesOf(data).flatMap(filesOf).filter(({ use }) => use === "template")) {
      digests.push(await fileDigest(isAbsolute(path) ? path : resolve(reading.base, path)));
    }
    const declared: unknown = JSON.parse(JSON.stringify(data));
    return { key: keyOf({ ...base, files, digests, data: declared }), files, bytes, content: undefined };
  }
  const content = await contentOf(opened.records(reading), files);
  if (content === undefined || content.rows < least) return undefined;
  const sources: unknown = JSON.parse(JSON.stringify(sourcesOf(data), (name, value) => isRows(name) ? null : value));
  return {
    key: keyOf({ ...base, files, content: content.digest, sources }),
    files,
    bytes: content.bytes,
    content: content.digest,
  };
}

/** The settings of sources that contain rows themselves. */
const isRows = (name: string) => name === "records" || name === "conversations";

/** Whether a data set's files are read to their ends. */
function readsAll(data: Dataset): boolean {
  if (!("of" in data)) return true;
  const inner = [data.of, ..."others" in data ? data.others : []], { reads } = viewKindOf(data);
  if (reads === "by function" || !inner.every(readsAll)) return false;
  return reads !== "first" || isDrawn(data.of);
}

/** Whether a request makes a data set read all of its rows. */
function isDrawn(data: Dataset): boolean {
  return "of" in data && (viewKindOf(data).reads === "all" || isDrawn(data.of));
}

/** A digest of records as they come; `undefined` if one of them has no text. */
export class RecordsDigest {
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #rows = 0;

  add(text: string): void {
    this.#rows++;
    this.#bytes += text.length;
    this.#hash.update(text).update("\n");
  }

  finish() {
    return { digest: this.#hash.digest("hex"), bytes: this.#bytes, rows: this.#rows };
  }
}

async function contentOf(records: ReturnType<OpenRows["records"]>, files: readonly string[]) {
  const digest = new RecordsDigest();
  for await (const found of records) {
    const text = recordText(found, files);
    if (text === undefined) return undefined;
    digest.add(text);
  }
  return digest.finish();
}

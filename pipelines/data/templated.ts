/** Sources whose rows a template turns into examples, or that have a format of their own. @module */
import { optional } from "../common/checks.ts";
import type { TemplatedSource } from "./dataset.ts";
import type { DeclaredRows, HubRows } from "./files/declared.ts";
import type { RecordKind } from "./files/record_kind.ts";
import { formReader } from "./row_forms.ts";
import type { SourceKind } from "./source_kind.ts";
import { checkTemplate, templateReader } from "./template_rows.ts";

/** A kind of source, made from the kind of its rows. */
export function templated<R extends DeclaredRows>(
  kind: RecordKind<R>,
): SourceKind<R & Pick<TemplatedSource, "template">> {
  return {
    settings: { ...kind.settings, template: optional(checkTemplate) },
    hasTurns: ({ template }) => template === undefined,
    withFiles: (source, pathOf) => ({ ...source, ...kind.withFiles(source, pathOf) }),
    hubRows: hubRowsOf,
    fromHub: ({ template }, rows) => ({ ...rows, ...template === undefined ? {} : { template } }),
    files: (source, reading) => kind.files(source, reading),
    records: (source, reading) => kind.records(source, reading),
    rowReader: ({ template }, base, chat) => template === undefined ? formReader(base, chat) : templateReader(template),
  };
}

function hubRowsOf(rows: DeclaredRows): HubRows | undefined {
  return rows.kind === "hub" ? rows : undefined;
}

/**
 * The README.md of a pushed intervention: what it edits in which model, and what was measured.
 *
 * @module
 */
import type { JsonObject } from "../common/files.ts";
import { ofKind } from "../common/of_kind.ts";
import type { InterventionDescription } from "../compile/parameters/intervention_file.ts";
import { isHubId } from "../models/open/source.ts";
import { formatYaml } from "../common/yaml.ts";
import type { MemberRecord } from "../results/results.ts";

/** What a card is written from. */
interface CardContent {
  /** Its repository, `owner/name`. */
  readonly id: string;
  readonly description: InterventionDescription;
  /** The number of parameters in the tensors. */
  readonly parameters: number;
  /** The member of the run that trained it, if its results are available. */
  readonly member?: Pick<MemberRecord, "axes" | "stages"> | undefined;
}

/** The text of a model card. */
export function modelCard({ id, description, parameters, member }: CardContent): string {
  const { base, interventions } = description;
  const kinds = [...new Set(interventions.map(({ kind }) => String(kind)))];
  const tags = ["refract", "representation-finetuning", ...kinds.map((kind) => kind.toLowerCase())];
  const isPublic = isHubId(base), link = isPublic ? `[${base}](https://huggingface.co/${base})` : `\`${base}\``;
  const name = id.slice(id.indexOf("/") + 1), folder = JSON.stringify(`./${name}`);
  const front = formatYaml({ library_name: "refract", ...isPublic ? { base_model: base } : {}, tags });
  return [
    `---\n${front}---`,
    `# ${name}`,
    `${kinds.join(", ")} on ${link}: ${count(interventions.length, "intervention")}, ` +
    `${parameters.toLocaleString("en")} parameters. The base model's own weights are unchanged and not part of this ` +
    "repository.",
    formatRows(["", "edit", "site", "positions", "rank"], interventions.map(interventionRow)),
    ...member === undefined ? [] : resultsOf(member),
    "## Use",
    `\`\`\`sh\ndeno task pull ${id} --out ${name}\ndeno task chat ${name}\n\`\`\``,
    "or in a Refract pipeline:",
    `\`\`\`ts\nimport { baseModel, saved } from "refract";\n\n` +
    `const tuned = baseModel(${JSON.stringify(base)}).with(saved(${folder}));\n\`\`\``,
  ].join("\n\n") + "\n";
}

function interventionRow({ index, kind, block, site, module, positions, rank }: JsonObject): readonly string[] {
  const location = [block === null || block === undefined ? [] : `block ${block}`, module ?? site ?? []].flat().join(
    ", ",
  );
  const chosen = positions === null ? "by a function" : positions ?? (module === undefined ? "" : "all");
  return [index, kind, location, chosen, rank ?? ""].map(String);
}

function resultsOf({ axes, stages }: Pick<MemberRecord, "axes" | "stages">): readonly string[] {
  const rows = ofKind(stages, "evaluate").flatMap(({ name, metrics }) => {
    return Object.entries(metrics).map(([metric, value]) => [name, metric, String(Number(value.toPrecision(4)))]);
  });
  const settings = Object.entries(axes).map(([axis, value]) => `${axis} ${value}`).join(", ");
  if (rows.length === 0) return [];
  const table = formatRows(["evaluation", "metric", "value"], rows);
  return ["## Results", ...settings === "" ? [] : [`With ${settings}:`], table];
}

/** A table in Markdown. */
function formatRows(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

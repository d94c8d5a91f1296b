/** A starter's pipeline, changed to use the user's own rows and base model. @module */
import { RequestError } from "../../common/errors.ts";
import type { OwnRows } from "./own_rows.ts";

/** What the user gives to replace a starter's own. */
export interface Own {
  readonly rows?: OwnRows | undefined;
  /** A model's id, folder or `builtin:NAME`. */
  readonly base?: string | undefined;
}

/** A model on the hub that is small enough for any machine, for rows about anything. */
const usualBase = "HuggingFaceTB/SmolLM2-135M";

/** The lines in which a starter reads its rows, with their replacements. */
const readings: readonly {
  readonly line: RegExp;
  readonly own: (rows: OwnRows, asked: string, taught: string) => string;
}[] = [
  {
    line: /jsonl\("\.\/rows\.jsonl", \{ prompt: .* \}\)/,
    own: ({ name, reader }, asked, taught) =>
      `${reader}(${JSON.stringify(`./${name}`)}, { prompt: "{${asked}}\\n", completion: "{${taught}}" })`,
  },
  {
    line: /jsonl\("\.\/rows\.jsonl", \{ text: .* \}\)/,
    own: ({ name, reader }, asked, taught) =>
      `${reader}(${JSON.stringify(`./${name}`)}, { text: "{${asked}}", label: "{${taught}}" })`,
  },
];

/**
 * Changes a starter's pipeline.
 *
 * @param starter Its name.
 * @throws {RequestError} If the starter needs other rows.
 */
export function ownPipeline(starter: string, text: string, { rows, base }: Own): string {
  const withRows = rows === undefined ? text : rowsChanged(starter, text, rows);
  const model = base ?? (rows === undefined || starter === "chat" ? undefined : usualBase);
  return model === undefined || model === "builtin:tiny" ? withRows : baseChanged(withRows, model);
}

function rowsChanged(starter: string, text: string, rows: OwnRows): string {
  const { name, reader, fields, labels } = rows, file = { file: name };
  const isChat = starter === "chat";
  if (isChat !== (fields === undefined)) {
    throw new RequestError(
      isChat
        ? "has no conversations (rows with messages); omit --from, or use --from classification for labels"
        : "has conversations; start with --from chat",
      file,
    );
  }
  if (fields === undefined) return text.replace('"./rows.jsonl"', JSON.stringify(`./${name}`));
  const reading = readings.find(({ line }) => line.test(text));
  if (reading === undefined) throw new TypeError(`The starter ${starter} reads no rows that can be others`);
  const read = sortedImports(
    text.replace(reading.line, () => reading.own(rows, fields.asked, fields.taught))
      .replace("rows of rows.jsonl", () => `rows of ${name}`)
      .replace(/^\/\/ To use rows of your own, .*$/m, "// The template names the file's fields in braces.")
      .replace(/maxNewTokens: \d+/g, `maxNewTokens: ${rows.longestAnswer}`)
      .replace(/^ {2}jsonl,$/m, `  ${reader},`),
  );
  if (!/^const labels = /m.test(read)) return read;
  if (labels.length === 0) {
    throw new RequestError(
      `has too many different values of ${fields.taught}, or only one, for classes; use --from quickstart`,
      file,
    );
  }
  return read.replace(/^const labels = .*$/m, () => `const labels = ${JSON.stringify(labels).replaceAll(",", ", ")};`);
}

/** The names that a pipeline imports, in order. */
function sortedImports(text: string): string {
  return text.replace(/^import \{\n([^}]*)\} from/m, (_, names: string) => {
    const lines = names.trimEnd().split("\n").sort((one, other) => one.localeCompare(other));
    return `import {\n${lines.join("\n")}\n} from`;
  });
}

/**
 * Another base: all its blocks are edited, because their number is not known yet, with epochs and a rate that suit more
 * blocks.
 */
function baseChanged(text: string, base: string): string {
  return text.replace(/^ *\/\/ A model of 0\.8 million.*\n/m, "")
    .replace(/baseModel\("[^"]*"\)/, () => `baseModel(${JSON.stringify(base)})`)
    .replace(/block\(\d\)/g, 'block("all")')
    .replace(/epochs: 15/g, "epochs: 8")
    .replace(/learningRate: [12]e-2/g, "learningRate: 4e-3");
}

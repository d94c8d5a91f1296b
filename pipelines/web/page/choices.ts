/** The values of the page's fields, and the typed rows. @module */
import { byId, element } from "../../report/page/dom.ts";
import type { Choices, ChosenRows, SiteDefaults } from "../site/protocol.ts";

const other = "other";

const input = (id: string) => byId(id, HTMLInputElement);
const select = (id: string) => byId(id, HTMLSelectElement);

/** The dropped file. */
let file: string | undefined;

/** The fields that hold numbers, by what they choose. */
const numbers = {
  rank: "rank",
  epochs: "epochs",
  batchSize: "batch-size",
  learningRate: "learning-rate",
  seed: "seed",
  maxNewTokens: "max-new-tokens",
} as const satisfies Partial<Record<keyof Choices, string>>;

const numberNames = Object.keys(numbers) as readonly (keyof typeof numbers)[];

/** Fills the fields; rows that are neither a file's nor the site's own are typed ones. */
export function fill({ bases, choices: { rows: own } }: SiteDefaults, choices: Choices): void {
  const { base, provider, rows } = choices, isListed = bases.some(({ source }) => source === base);
  select("base").replaceChildren(
    ...bases.map(({ name, source }) => element("option", { value: source }, name)),
    element("option", { value: other }, "another"),
  );
  select("base").value = isListed ? base : other;
  input("other-base").value = isListed ? "" : base;
  select("provider").value = provider;
  input("layer").value = choices.layer;
  input("positions").value = choices.positions;
  for (const name of numberNames) {
    // JSON has null for what is no number.
    input(numbers[name]).value = Number.isFinite(choices[name]) ? String(choices[name]) : "";
  }
  file = rows.file;
  if (rows.file !== undefined) showFile(rows.file, rows);
  else if (rows !== own && rows.records !== undefined) showTyped(rows.records);
  showParts();
}

/** Shows typed rows as the source of rows. */
function showTyped(records: NonNullable<ChosenRows["records"]>): void {
  select("source").value = "typed";
  byId("typed-rows").replaceChildren();
  for (const { prompt, completion } of records) addRow(String(prompt), String(completion));
}

/** Shows a file as the source of rows. */
export function showFile(path: string, { prompt, completion }: Pick<ChosenRows, "prompt" | "completion">): void {
  file = path;
  select("source").value = "file";
  input("prompt").value = prompt;
  input("completion").value = completion;
  showParts();
}

/** Shows the fields that the current choice needs. */
export function showParts(): void {
  const source = select("source").value;
  byId("other").hidden = select("base").value !== other;
  byId("typed").hidden = source !== "typed";
  for (const id of ["file-field", "prompt-field", "completion-field"]) byId(id).hidden = source !== "file";
  if (source === "typed") { while (byId("typed-rows").children.length < 4) addRow(); }
}

/** Adds a row to the table. */
export function addRow(prompt = "", completion = ""): void {
  const cell = (label: string, text: string) =>
    element(
      "td",
      { "data-name": label },
      element("textarea", { rows: 1, "aria-label": label, spellcheck: "false" }, text),
    );
  byId("typed-rows").append(element("tr", {}, cell("Prompt", prompt), cell("Completion", completion)));
}

/**
 * Fills the table from a cell on, and adds rows if necessary.
 *
 * @param at The cell into which a table was pasted.
 */
export function fillFrom(at: HTMLTextAreaElement, rows: readonly (readonly string[])[]): void {
  const cells = () => [...byId("typed-rows").querySelectorAll("textarea")];
  const first = cells().indexOf(at), column = first % 2;
  while (cells().length < first - column + 2 * rows.length) addRow();
  const places = cells();
  for (const [row, texts] of rows.entries()) {
    for (const [offset, text] of texts.slice(0, 2 - column).entries()) places[first + 2 * row + offset]!.value = text;
  }
}

/** Throws an Error if a field has no number, or a typed row has no completion. */
export function requireWhole(found: Choices, { choices: usual }: SiteDefaults): void {
  const missing = numberNames.find((name) => Number.isNaN(found[name]));
  if (missing !== undefined) {
    const label = input(numbers[missing]).labels?.[0]?.textContent.trim() ?? missing;
    throw new Error(`${label} is not a number; write one, as in ${usual[missing]}`);
  }
  if (select("source").value !== "typed") return;
  const at = tableRows().findIndex(({ prompt, completion }) => prompt !== "" && completion === "");
  if (at >= 0) throw new Error(`row ${at + 1} of the table has no completion; write one, or clear its prompt`);
}

/** The number in a field; NaN if it has none. */
function numberIn(name: keyof typeof numbers): number {
  return input(numbers[name]).valueAsNumber;
}

/** The values of the fields. */
export function chosen({ choices: { rows } }: SiteDefaults): Choices {
  const named = select("base").value;
  return {
    base: named === other ? input("other-base").value : named,
    provider: select("provider").value === "webgpu" ? "webgpu" : "cpu",
    layer: input("layer").value,
    positions: input("positions").value.trim(),
    rank: numberIn("rank"),
    epochs: numberIn("epochs"),
    batchSize: numberIn("batchSize"),
    learningRate: numberIn("learningRate"),
    seed: numberIn("seed"),
    maxNewTokens: numberIn("maxNewTokens"),
    rows: chosenRows(rows),
  };
}

function chosenRows(own: ChosenRows): ChosenRows {
  switch (select("source").value) {
    case "file":
      return {
        ...file === undefined ? {} : { file },
        prompt: input("prompt").value,
        completion: input("completion").value,
      };
    case "typed":
      return { records: typedRows(), prompt: "{prompt}", completion: "{completion}" };
    default:
      return own;
  }
}

/** All rows of the table. */
function tableRows() {
  return Array.from(byId("typed-rows").children, (row) => {
    const [prompt = "", completion = ""] = Array.from(row.querySelectorAll("textarea"), ({ value }) => value);
    return { prompt, completion };
  });
}

function typedRows() {
  return tableRows().filter(({ prompt, completion }) => prompt !== "" || completion !== "");
}

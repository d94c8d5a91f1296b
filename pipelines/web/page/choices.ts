/** The values of the page's fields, and the typed rows. @module */
import { byId, element } from "../../report/page/dom.ts";
import type { Choices, ChosenRows, SiteDefaults } from "../site/protocol.ts";

const other = "other";

const input = (id: string) => byId(id, HTMLInputElement);
const select = (id: string) => byId(id, HTMLSelectElement);

/** The dropped file. */
let file: string | undefined;

/** Fills the fields. */
export function fill({ bases }: SiteDefaults, choices: Choices): void {
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
  input("rank").value = String(choices.rank);
  input("epochs").value = String(choices.epochs);
  input("batch-size").value = String(choices.batchSize);
  input("learning-rate").value = String(choices.learningRate);
  input("seed").value = String(choices.seed);
  input("max-new-tokens").value = String(choices.maxNewTokens);
  file = rows.file;
  if (rows.file !== undefined) showFile(rows.file, rows);
  showParts();
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
  if (source === "typed" && byId("typed-rows").children.length === 0) { for (let row = 0; row < 4; row++) addRow(); }
}

/** Adds a row to the table. */
export function addRow(): void {
  const cell = (label: string) =>
    element("td", { "data-name": label }, element("textarea", { rows: 1, "aria-label": label, spellcheck: "false" }));
  byId("typed-rows").append(element("tr", {}, cell("Prompt"), cell("Completion")));
}

/** The values of the fields. */
export function chosen({ choices: { rows } }: SiteDefaults): Choices {
  const named = select("base").value;
  return {
    base: named === other ? input("other-base").value : named,
    provider: select("provider").value === "webgpu" ? "webgpu" : "cpu",
    layer: input("layer").value,
    positions: input("positions").value.trim(),
    rank: Number(input("rank").value),
    epochs: Number(input("epochs").value),
    batchSize: Number(input("batch-size").value),
    learningRate: Number(input("learning-rate").value),
    seed: Number(input("seed").value),
    maxNewTokens: Number(input("max-new-tokens").value),
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

function typedRows() {
  const rows = Array.from(byId("typed-rows").children, (row) => {
    const [prompt = "", completion = ""] = Array.from(row.querySelectorAll("textarea"), ({ value }) => value);
    return { prompt, completion };
  });
  return rows.filter(({ prompt, completion }) => prompt !== "" || completion !== "");
}

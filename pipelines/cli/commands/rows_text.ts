/** Rows as a model reads them, as text. @module */
import { visible } from "../../common/visible.ts";
import { formatLocation } from "../../common/errors.ts";
import type {
  InspectedData,
  InspectedRow,
  InspectedToken,
  Inspection,
  Repeated,
  SharedRows,
} from "../../schedule/inspect/inspection.ts";
import { counted } from "../../common/counted.ts";
import { formatTable } from "../terminal/terminal.ts";

/** How rows are written. */
interface RowsStyle {
  /** In colour, rather than with marks. */
  readonly isColored: boolean;
  /** Each token with its id and piece, rather than the text. */
  readonly hasIds: boolean;
}

/** What happens to a token. */
type Fate =
  | "prompt"
  | "taught"
  | "untaught"
  | "edited"
  | "taught and edited"
  | "rejected"
  | "rejected and edited"
  | "cut";

/** How a fate is shown, in colour and with marks, and its name if that differs. */
interface Look {
  readonly color: string;
  readonly marks: readonly [open: string, close: string];
  readonly name?: string;
}

/** The look of each fate. */
const looks: { readonly [F in Fate]: Look } = {
  prompt: { color: "\x1b[36m", marks: ["", ""] },
  taught: { color: "\x1b[32m", marks: ["«", "»"], name: "taught, or expected by an evaluation" },
  untaught: { color: "\x1b[2m", marks: ["‹", "›"], name: "not taught" },
  edited: { color: "\x1b[30;43m", marks: ["[", "]"] },
  "taught and edited": { color: "\x1b[30;42m", marks: ["«[", "]»"] },
  rejected: { color: "\x1b[35m", marks: ["»", "«"] },
  "rejected and edited": { color: "\x1b[30;45m", marks: ["»[", "]«"] },
  cut: { color: "\x1b[31;9m", marks: ["(cut: ", ")"], name: "cut by maxLength" },
};

const reset = "\x1b[0m";

function fateOf({ part, isCut, isTaught, edits }: InspectedToken): Fate {
  if (isCut) return "cut";
  if (part === "rejected") return edits > 0 ? "rejected and edited" : "rejected";
  if (part === "prompt") return edits > 0 ? "edited" : "prompt";
  if (edits > 0) return isTaught ? "taught and edited" : "edited";
  return isTaught ? "taught" : "untaught";
}

const number = (count: number) => count.toLocaleString("en");
const share = (part: number, whole: number) => `${Number((100 * part / whole).toPrecision(2))} %`;

/** What was found about a pipeline's rows, as text. */
export function formatRows({ data, shared }: Inspection, style: RowsStyle): string {
  const parts = data.map((each) => formatData(each, style));
  return [legend(data, style), ...parts, shared.map(formatShared).join("")].filter((part) => part !== "").join("\n");
}

/** The legend of the looks that occur. */
function legend(data: readonly InspectedData[], { isColored, hasIds }: RowsStyle): string {
  if (hasIds) return "";
  const found = new Set(data.flatMap(({ first }) => first.flatMap(({ tokens }) => tokens.map(fateOf))));
  const fates = (Object.keys(looks) as Fate[]).filter((fate) => found.has(fate));
  if (fates.length === 0) return "";
  return `tokens: ${fates.map((fate) => shown(looks[fate].name ?? fate, fate, isColored)).join(" · ")}\n`;
}

function shown(text: string, fate: Fate, isColored: boolean): string {
  const { color, marks: [open, close] } = looks[fate];
  if (text === "") return "";
  if (!isColored) return open + text + close;
  return color + text + reset;
}

function formatData(data: InspectedData, style: RowsStyle): string {
  const { stages, isTrained, member, members, model, rows, first } = data;
  const others = members > 1 ? ` and ${counted(members - 1, "more member")}` : "";
  const title = `${stages.join(", ")}${member === "main" ? "" : ` of ${member}${others}`}: ${
    counted(rows, "row")
  } for ${model}\n`;
  return title + first.map((row) => formatRow(row, isTrained, style)).join("") + formatSummary(data);
}

function formatRow({ place, tokens, label, choices = [] }: InspectedRow, isTrained: boolean, style: RowsStyle): string {
  const read = tokens.filter(({ isCut }) => !isCut), isRejected = ({ part }: InspectedToken) => part === "rejected";
  const isRead = ({ part }: InspectedToken) => part === "read";
  const rejected = read.filter(isRejected).length, taught = read.filter(({ isTaught }) => isTaught).length - rejected;
  const use = rejected > 0 ? "chosen" : isTrained ? "taught" : "expected";
  const said = [
    counted(read.length, "token"),
    ...taught === 0 ? [] : [`${number(taught)} ${use}`],
    ...rejected === 0 ? [] : [`${number(rejected)} rejected`],
    ...read.some(isRead) ? [`${number(read.filter(isRead).length)} read in their place`] : [],
  ];
  const labelled = label === undefined ? "" : `, label ${JSON.stringify(label)}`;
  const answers = [
    tokens.filter((token) => !isRejected(token) && !isRead(token)),
    tokens.filter(isRejected),
    tokens.filter(isRead),
  ];
  const body = style.hasIds
    ? tokenTable(tokens)
    : answers.filter(({ length }) => length > 0).map((each) => indented(runsOf(each, style.isColored))).join("\n");
  const among = choices.map(({ text, isRight }) =>
    shown(JSON.stringify(text), isRight ? "taught" : "untaught", style.isColored)
  );
  const chosen = among.length === 0 ? "" : `  choices: ${among.join(" ")}\n`;
  return `\n${formatLocation(place)}: ${said.join(", ")}${labelled}\n${body}\n${chosen}`;
}

/** Consecutive tokens with the same fate, formatted. */
function runsOf(tokens: readonly InspectedToken[], isColored: boolean): string {
  const runs: { readonly fate: Fate; text: string }[] = [];
  for (const token of tokens) {
    const fate = fateOf(token), last = runs.at(-1);
    if (last?.fate === fate) last.text += token.text;
    else runs.push({ fate, text: token.text });
  }
  return runs.map(({ fate, text }) => {
    // Each line has its own colour, so that the margin has none; control characters must not reach a terminal.
    return withMarks(text).split("\n").map((line) => shown(line, fate, isColored)).join("\n");
  }).join("");
}

/** A text with visible newlines and control characters. */
function withMarks(text: string): string {
  return visible(text.replaceAll(/[^\P{Cc}\n]/gu, (control) => JSON.stringify(control).slice(1, -1)))
    .replaceAll("\n", "⏎\n");
}

const indented = (text: string) => text.replace(/⏎\n$/, "⏎").split("\n").map((line) => `  ${line}`).join("\n");

function tokenTable(tokens: readonly InspectedToken[]): string {
  const rows = tokens.map((token, at) => {
    const fate = token.isCut ? "cut" : token.part === "rejected" ? "rejected" : token.isTaught ? "taught" : "";
    return [
      String(at),
      String(token.id),
      visible(JSON.stringify(token.text)),
      token.part,
      fate,
      token.edits === 0 ? "" : String(token.edits),
    ];
  });
  return formatTable(["at", "id", "piece", "part", "use", "edits"], rows).trimEnd();
}

function formatSummary(data: InspectedData): string {
  const { rows, maxLength, cut, tooLong, duplicates, ends, withoutRight } = data;
  const lines = [...lengthLines(data), ...taughtLines(data)];
  for (const { text, rows: ended, isAppended } of ends) {
    const of = ended === rows ? "every completion" : `${number(ended)} of ${number(rows)} completions`;
    if (text === "") lines.push(`end: nothing ends ${of}, because the chat template writes no token there`);
    else {lines.push(
        `end: ${of} ends with ${JSON.stringify(text)}${isAppended ? ", which is appended to the data" : ""}`,
      );}
  }
  if (withoutRight > 0) {
    lines.push(
      `choices: ${counted(withoutRight, "row")} (${
        share(withoutRight, rows)
      }) whose completion is not among the choices`,
    );
  }
  if (cut.rows > 0) {
    const rowsCut = `${counted(cut.rows, "row")} (${share(cut.rows, rows)}) ${cut.rows === 1 ? "loses" : "lose"}`;
    lines.push(`cut: ${rowsCut} ${counted(cut.tokens, "token")} to maxLength: ${maxLength}`);
  }
  if (tooLong.rows > 0 && tooLong.first !== undefined) {
    lines.push(
      `too long: ${counted(tooLong.rows, "row")} past the ${number(tooLong.limit)} tokens that the model reads, the ` +
        `first is ${formatLocation(tooLong.first)}; a run refuses them without maxLength`,
    );
  }
  if (duplicates.rows > 0) {
    lines.push(
      `duplicates: ${counted(duplicates.rows, "row")} (${share(duplicates.rows, rows)})${firstOf(duplicates)}`,
    );
  }
  return `\n${lines.join("\n")}\n`;
}

/** The maximum number of labels listed. */
const mostLabels = 12;

/** What is trained on or expected, in tokens or in labels. */
function taughtLines({ isTrained, taughtTokens, labels }: InspectedData): string[] {
  if (labels.length === 0) return isTrained ? [`taught: ${counted(taughtTokens, "token")}`] : [];
  const listed = labels.slice(0, mostLabels).map(([label, rows]) => `${label} ${number(rows)}`);
  return [`labels: ${[...listed, ...labels.length > mostLabels ? ["…"] : []].join(", ")}`];
}

function firstOf({ first }: Repeated): string {
  return first === undefined ? "" : `, the first is ${formatLocation(first.place)}, as ${formatLocation(first.as)}`;
}

/** The maximum number of lines in a histogram, and the width of its bars. */
const [mostBins, barWidth] = [8, 32];

/** How long rows are. */
function lengthLines({ lengths, rows }: InspectedData): string[] {
  const least = lengths[0]?.[0] ?? 0, most = lengths.at(-1)?.[0] ?? 0;
  const quantile = (part: number) => {
    let seen = 0;
    for (const [length, count] of lengths) if ((seen += count) >= part * rows) return length;
    return most;
  };
  const width = Math.max(1, Math.ceil((most - least + 1) / mostBins)), count = Math.ceil((most - least + 1) / width);
  const bins = Array.from({ length: count }, () => 0);
  for (const [length, found] of lengths) bins[Math.floor((length - least) / width)]! += found;
  const highest = Math.max(...bins),
    names = bins.map((_, at) => {
      const from = least + at * width, to = Math.min(most, from + width - 1);
      return from === to ? number(from) : `${number(from)}–${number(to)}`;
    });
  const margin = Math.max(...names.map(({ length }) => length));
  const bars = bins.map((found, at) => {
    const bar = "█".repeat(found === 0 ? 0 : Math.max(1, Math.round(barWidth * found / highest)));
    return `  ${names[at]!.padStart(margin)}  ${bar}${bar === "" ? "" : " "}${number(found)}`;
  });
  const total = lengths.reduce((sum, [length, found]) => sum + length * found, 0);
  const summary = `median ${number(quantile(0.5))}, 95 % up to ${number(quantile(0.95))}, ${number(total)} in total`;
  return [`lengths in tokens: ${number(least)} to ${number(most)}, ${summary}`, ...bars.length > 1 ? bars : []];
}

function formatShared(shared: SharedRows): string {
  const { evaluated, trained, rows, of } = shared;
  return `note: ${number(rows)} of ${counted(of, "different row")} of ${evaluated.join(", ")} ${
    rows === 1 ? "is" : "are"
  } in the rows of ${trained.join(", ")}${firstOf(shared)}\n`;
}

/**
 * Rows as a model reads them: their tokens, which of them are taught, edited and cut, and which rows are repeated.
 *
 * @module
 */
import { atLocation, atLocationOf, placed } from "../../common/source_location.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { type Masked, masksOf } from "../../compile/lower/edit_masks.ts";
import { isEdited } from "../../compile/lower/edited_tokens.ts";
import { endTokensOf } from "../../data/end_tokens.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { LengthLimits } from "../../data/length_limits.ts";
import { listedTexts } from "../../data/listed_texts.ts";
import type { Row } from "../../data/row.ts";
import { streamRows } from "../../data/rows.ts";
import { isRight } from "../../metrics/exact_match.ts";
import { sharedLength } from "../../models/tokenization/joint_tokens.ts";
import type { Tokenizer } from "../../models/tokenization/tokenizer.ts";
import { fileProgress, noteTo } from "../context/work.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Member } from "../expand/member.ts";
import { requireKind } from "../prepare/head_checks.ts";
import { bareRows, tokenizeFor } from "../prepare/tokenize_rows.ts";
import { SharedPreparation } from "../prepare/shared_preparation.ts";
import { Fingerprints } from "./fingerprints.ts";
import type { InspectedData, InspectedRow, InspectedToken, Inspection } from "./inspection.ts";
import { type DataReading, dataReadings } from "./readings.ts";

/** The number of rows after which a request to stop takes effect. */
const rowsAtOnce = 2000;

/**
 * Reads the data sets of members row by row; only the first rows of each are kept.
 *
 * @param shown How many.
 * @throws {RequestError} If a stage, its model or a row is invalid.
 */
export async function inspectRows(
  runContext: RunContext,
  members: readonly Member[],
  shown: number,
): Promise<Inspection> {
  const readings = await dataReadings(new SharedPreparation(runContext), members);
  const { emit } = runContext, warned = new Set<string>();
  // Several data sets may be read from one source.
  const warn = (message: string, kind = message) => {
    if (!warned.has(kind)) noteTo(emit)(message);
    warned.add(kind);
  };
  const inspected: { readonly reading: DataReading; readonly data: InspectedData; readonly prints: Fingerprints }[] =
    [];
  for (const reading of readings) {
    const prints = new Fingerprints();
    const data = await atLocationOf(reading.data, () => inspect(runContext, reading, shown, { prints, warn }));
    inspected.push({ reading, data, prints });
  }
  const [trained, evaluated] = [true, false].map((isTrained) => {
    return inspected.filter(({ reading }) => reading.isTrained === isTrained);
  });
  const shared = trained!.flatMap((training) =>
    evaluated!.map((evaluation) => ({
      ...evaluation.prints.sharedWith(training.prints),
      evaluated: evaluation.data.stages,
      trained: training.data.stages,
      of: evaluation.prints.size,
    }))
  );
  return { data: inspected.map(({ data }) => data), shared: shared.filter(({ rows }) => rows > 0) };
}

async function inspect(
  runContext: RunContext,
  reading: DataReading,
  shown: number,
  { prints, warn }: { readonly prints: Fingerprints; readonly warn: (message: string, kind?: string) => void },
): Promise<InspectedData> {
  const { stages, isTrained, member, model: { model }, maxLength, data } = reading,
    { base, hub, emit } = runContext;
  const { tokenizer, architecture: { contextLength: limit } } = model;
  const files = { base, hub, progress: fileProgress(emit), warn: (message: string) => warn(message) };
  const chat = { format: tokenizer.chat, asksLast: reading.asks, ends: endTokensOf(tokenizer), warn: files.warn };
  const first: InspectedRow[] = [], lengths = new Map<number, number>(), ends = new Map<string, [number, boolean]>();
  const cut = { rows: 0, tokens: 0 }, labels = new Map<string, number>();
  let rows = 0, withoutRight = 0, taughtTokens = 0, tooLong: InspectedData["tooLong"] = { rows: 0, limit };
  for await (const row of streamRows(data, files, chat)) {
    if (++rows % rowsAtOnce === 0) await runContext.stopIfAsked();
    if (rows === 1 && isBare(row, reading)) warn(placed(data, bareRows), "bareRows");
    prints.add(row);
    const { whole, kept } = encodings(row, reading), rejected = kept.rejected?.length ?? 0;
    const length = kept.prompt.length + tailOf(row, kept).length + rejected;
    lengths.set(length, (lengths.get(length) ?? 0) + 1);
    taughtTokens += (kept.taught ?? kept.completion).length + rejected;
    const lost = lengthOf(whole) - lengthOf(kept);
    if (lost > 0) cut.rows++;
    cut.tokens += lost;
    // Of two answers, neither is read after the other.
    if (kept.prompt.length + Math.max(tailOf(row, kept).length, rejected) > limit) {
      tooLong = { first: row.place, ...tooLong, rows: tooLong.rows + 1 };
    }
    const end = endOf(row, kept, tokenizer);
    if (end !== undefined) ends.set(end.text, [(ends.get(end.text)?.[0] ?? 0) + 1, end.isAppended]);
    if (row.kind === "label") labels.set(row.completion, (labels.get(row.completion) ?? 0) + 1);
    const choices = choicesOf(row, reading);
    if (choices?.every(({ isRight }) => !isRight) === true) withoutRight++;
    if (first.length < shown) first.push({ ...shownRow(row, whole, kept, reading), ...choices && { choices } });
  }
  return {
    ...{ stages, isTrained, member, model: model.name, maxLength, first, rows, taughtTokens, cut, tooLong },
    lengths: [...lengths].sort(([one], [other]) => one - other),
    ends: [...ends].map(([text, [rows, isAppended]]) => ({ text, rows, isAppended })),
    duplicates: prints.repeated,
    members: reading.members.size,
    labels: [...labels].sort(([, one], [, other]) => other - one),
    withoutRight,
  };
}

/** Whether a row is no conversation although its model has a chat template. */
function isBare({ kind, turns }: Row, { model: { model, adaptations } }: DataReading): boolean {
  return kind !== "label" && turns === undefined && headOf(adaptations) === undefined &&
    model.tokenizer.chat.templates.size > 0;
}

/** A row's tokens: all of them, and those that remain after `maxLength`. */
function encodings(
  row: Row,
  { model: { model, adaptations }, maxLength, truncate, cutsPrompt, toWrite, asks }: DataReading,
): { readonly whole: TokenizedExample; readonly kept: TokenizedExample } {
  const { tokenizer, architecture: { contextLength, encoder } } = model, head = headOf(adaptations);
  const maxContext = Infinity, hasEncoder = encoder !== undefined;
  requireKind([row], head);
  const encode = (limit: LengthLimits) =>
    tokenizeFor(head, [row], tokenizer, {
      ...limit,
      toWrite: hasEncoder ? 0 : toWrite,
      asks,
      cutsPrompt,
      hasEncoder,
    })[0]!;
  const whole = encode({ maxContext });
  if (maxLength === undefined) return { whole, kept: whole };
  // A limit beyond the context cuts no less than the context does.
  const limits = { maxLength, maxContext: contextLength, ...truncate === undefined ? {} : { truncate } };
  return { whole, kept: atLocation(row.place, () => encode(limits)) };
}

/** The answers that a row chooses from. */
function choicesOf(row: Row, { options }: DataReading): InspectedRow["choices"] {
  if (options === undefined) return undefined;
  const texts = typeof options === "string" ? listedTexts(row, options, "choices") : options;
  return texts.map((text) => ({ text, isRight: isRight(text, row) }));
}

/** A completion's tokens; none for a label. */
function tailOf({ kind }: Row, { completion }: TokenizedExample): readonly number[] {
  return kind === "label" ? [] : completion;
}

const lengthOf = ({ prompt, completion, rejected = [] }: TokenizedExample) =>
  prompt.length + completion.length + rejected.length;

/** The token that ends a row's completion, and whether it is in the row's own text. */
function endOf(row: Row, { completion, endToken }: TokenizedExample, { decode, eosTokenId }: Tokenizer) {
  if (row.kind === "label") return undefined;
  const id = row.turns === undefined ? completion.at(-1) ?? eosTokenId : endToken;
  if (id === undefined) return { text: "", isAppended: false };
  return { text: decode([id], { cleanUpSpaces: false }), isAppended: row.turns === undefined && row.end === undefined };
}

function shownRow(row: Row, whole: TokenizedExample, kept: TokenizedExample, reading: DataReading): InspectedRow {
  const { model: { model, adaptations } } = reading, { tokenizer, architecture: { encoder } } = model;
  const isLabel = row.kind === "label", completion = tailOf(row, whole);
  const lost = whole.prompt.length - kept.prompt.length;
  const { before, after } = tokenizer.around, side = reading.truncate ?? (isLabel ? "right" : "left");
  const cutFrom = side === "left"
    ? sharedLength(before, whole.prompt)
    : kept.prompt.length - (isLabel ? 0 : Math.min(after.length, lost));
  const taught = new Set(isLabel ? [] : kept.taught ?? tailOf(row, kept).keys());
  const edits = masksOf(adaptations);
  const started = { ...kept, prompt: encoder === undefined ? [] : [encoder.startToken] };
  const editsOf = (at: number, isAnswer: boolean) =>
    edits.filter((edit) => {
      if (edit.stack === "decoder") return isAnswer && isEdited(edit, started, 1 + at);
      if (isAnswer) return encoder === undefined && isEdited(edit, kept, kept.prompt.length + at);
      return isEdited(edit, kept, at);
    }).length;
  const textAfter = textsOf(tokenizer);
  const prompt = whole.prompt.map((id, at): InspectedToken => {
    const isCut = at >= cutFrom && at < cutFrom + lost;
    const place = at < cutFrom ? at : at - lost;
    return {
      id,
      text: textAfter(id),
      part: "prompt",
      isCut,
      isTaught: false,
      edits: isCut ? 0 : editsOf(place, false),
    };
  });
  const answer = completion.map((id, at): InspectedToken => ({
    ...{ id, text: textAfter(id), part: "completion", isCut: at >= kept.completion.length },
    isTaught: taught.has(at),
    edits: at < kept.completion.length ? editsOf(at, true) : 0,
  }));
  const tokens = [
    ...prompt,
    ...answer,
    ...otherTokens("rejected", whole, whole.rejected, kept, kept.rejected, edits, tokenizer),
    ...otherTokens("read", whole, whole.reads?.tokens, kept, kept.reads?.tokens, edits, tokenizer),
  ];
  return { place: row.place, tokens, ...isLabel ? { label: row.completion } : {} };
}

/** Another answer than the completion, which follows the prompt as that one does. */
function otherTokens(
  part: "rejected" | "read",
  { prompt }: TokenizedExample,
  all: readonly number[] = [],
  kept: TokenizedExample,
  left: readonly number[] = [],
  edits: readonly Masked[],
  tokenizer: Tokenizer,
): readonly InspectedToken[] {
  const textAfter = textsOf(tokenizer), read = { ...kept, completion: left };
  for (const id of prompt.slice(-decodedBefore)) textAfter(id);
  return all.map((id, at) => {
    const isCut = at >= left.length;
    const acting = isCut ? [] : edits.filter((edit) => isEdited(edit, read, read.prompt.length + at));
    return { id, text: textAfter(id), part, isCut, isTaught: !isCut && part === "rejected", edits: acting.length };
  });
}

/** The text that each token adds to those before it, so that spaces and characters of several tokens are right. */
function textsOf({ decode }: Tokenizer): (id: number) => string {
  let ids: number[] = [], before = "";
  return (id) => {
    ids.push(id);
    const text = decode(ids, { cleanUpSpaces: false });
    // An incomplete character.
    if (text.endsWith("\ufffd") && ids.length < mostOfCharacter + decodedBefore) return "";
    const added = text.startsWith(before) ? text.slice(before.length) : "";
    ids = ids.slice(-decodedBefore);
    before = decode(ids, { cleanUpSpaces: false });
    return added;
  };
}

/**
 * How many earlier tokens are decoded with a token, which decides on its spaces, and how many tokens one character may
 * take.
 */
const [decodedBefore, mostOfCharacter] = [4, 8];

/**
 * The special tokens that a tokenizer adds: every kind of post-processor, lowered to two templates.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";

/** A part of a template: special tokens, or the place of one of the texts; all of its tokens have the same type. */
type TemplatePart =
  | { readonly kind: "special"; readonly ids: readonly number[]; readonly typeId: number }
  | { readonly kind: "text"; readonly text: "first" | "second"; readonly typeId: number };

/** The templates for one text and for two texts. */
export interface PostProcessor {
  readonly single: readonly TemplatePart[];
  readonly pair: readonly TemplatePart[];
}

/** Token ids, and the type of each token, 0 or 1 in the supported models. */
interface TypedIds {
  readonly ids: number[];
  readonly typeIds: number[];
}

/** The maximum number of parts in a template, and of ids in a part; real ones have a few. */
const mostParts = 100;

const text = (text: "first" | "second", typeId: number): TemplatePart => ({ kind: "text", text, typeId });

/** Texts one after the other, without special tokens. */
const bare: PostProcessor = { single: [text("first", 0)], pair: [text("first", 0), text("second", 1)] };

/**
 * Lowers the `post_processor` of a tokenizer.json.
 *
 * @param declared The field's value; nothing is added if it is null.
 * @param file The tokenizer.json, for the message.
 * @throws {RequestError} If it is of an unknown kind or lacks a part.
 */
export function postProcessorOf(declared: unknown, file: string): PostProcessor {
  if (declared === null || declared === undefined) return bare;
  const wrong = (what: string) => {
    return new RequestError(`has a post_processor ${what}; choose a model with a supported tokenizer`, { file });
  };
  if (!isJsonObject(declared)) throw wrong("that is not an object");
  switch (declared["type"]) {
    case "ByteLevel":
      return bare;
    case "BertProcessing":
    case "RobertaProcessing":
      return classifying(declared, declared["type"], wrong);
    case "TemplateProcessing":
      return {
        single: templateOf(declared, "single", wrong),
        pair: templateOf(declared, "pair", wrong),
      };
    case "Sequence": {
      const members = Array.isArray(declared["processors"]) ? declared["processors"] : [];
      const lowered = members.map((member) => postProcessorOf(member, file)).filter((member) => member !== bare);
      if (lowered.length > 1) throw wrong("that adds special tokens twice");
      return lowered[0] ?? bare;
    }
    default:
      throw wrong(`of the kind ${JSON.stringify(declared["type"])}`);
  }
}

/** `[CLS] a [SEP] b [SEP]` for BERT, `<s> a </s></s> b </s>` for RoBERTa, which has no token types. */
function classifying(
  declared: JsonObject,
  type: "BertProcessing" | "RobertaProcessing",
  wrong: (what: string) => RequestError,
): PostProcessor {
  const [begin, end] = ["cls", "sep"].map((role) => {
    const token = ownValue(declared, role), id: unknown = Array.isArray(token) ? token[1] : undefined;
    if (typeof id !== "number") throw wrong(`without a "${role}"`);
    return id;
  }) as [number, number];
  const special = (typeId: number, ...ids: number[]): TemplatePart => ({ kind: "special", ids, typeId });
  const single = [special(0, begin), text("first", 0), special(0, end)];
  return type === "BertProcessing"
    ? { single, pair: [...single, text("second", 1), special(1, end)] }
    : { single, pair: [...single, special(0, end), text("second", 0), special(0, end)] };
}

function templateOf(
  declared: JsonObject,
  name: "single" | "pair",
  wrong: (what: string) => RequestError,
): TemplatePart[] {
  const template = declared[name], specials = declared["special_tokens"];
  if (!Array.isArray(template)) throw wrong(`without a "${name}"`);
  if (template.length > mostParts) throw wrong(`with ${template.length} parts in "${name}", of ${mostParts} at most`);
  return template.map((item: unknown): TemplatePart => {
    const [kind, value] = isJsonObject(item) ? Object.entries(item)[0] ?? [] : [];
    if (isJsonObject(value)) {
      const { id, type_id: typeId } = value;
      if (typeof id === "string" && typeof typeId === "number") {
        if (kind === "Sequence" && (id === "A" || id === "B")) return text(id === "A" ? "first" : "second", typeId);
        const token = isJsonObject(specials) ? ownValue(specials, id) : undefined;
        const ids: unknown = isJsonObject(token) ? token["ids"] : undefined;
        if (kind === "SpecialToken" && Array.isArray(ids) && ids.length <= mostParts && ids.every(isId)) {
          return { kind: "special", ids, typeId };
        }
      }
    }
    throw wrong(`with a part in "${name}" that is neither a sequence nor a known special token`);
  });
}

function isId(id: unknown): id is number {
  return Number.isInteger(id);
}

/** How many special tokens a template adds. */
export function addedTokens(template: readonly TemplatePart[]): number {
  return template.reduce((sum, part) => sum + (part.kind === "special" ? part.ids.length : 0), 0);
}

/** The special tokens before and after the text in a template for one text. */
export function specialTokensAround(
  template: readonly TemplatePart[],
): { readonly before: readonly number[]; readonly after: readonly number[] } {
  const at = template.findIndex(({ kind }) => kind === "text");
  const idsOf = (parts: readonly TemplatePart[]) => assemble(parts, [], []).ids;
  return at === -1
    ? { before: idsOf(template), after: [] }
    : { before: idsOf(template.slice(0, at)), after: idsOf(template.slice(at + 1)) };
}

/** Fills a template with the ids of texts. */
export function assemble(
  template: readonly TemplatePart[],
  first: readonly number[],
  second: readonly number[],
): TypedIds {
  const found: TypedIds = { ids: [], typeIds: [] };
  for (const part of template) {
    for (const id of part.kind === "special" ? part.ids : part.text === "first" ? first : second) {
      found.ids.push(id);
      found.typeIds.push(part.typeId);
    }
  }
  return found;
}

/**
 * How many tokens two texts keep when the longer one is truncated first: a text shorter than half of the room is kept
 * whole; otherwise each gets half, and the longer one (the second one on a tie) gets the odd token.
 */
export function longestFirst(first: number, second: number, room: number): readonly [first: number, second: number] {
  if (first + second <= room) return [first, second];
  if (first > second) return longestFirst(second, first, room).toReversed() as [number, number];
  const half = Math.floor(room / 2);
  return first <= half ? [first, room - first] : [half, room - half];
}

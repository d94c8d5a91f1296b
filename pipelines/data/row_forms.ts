/**
 * Row formats that need no template: conversations as in OpenAI's and ShareGPT's files, two answers to a prompt as in
 * preference data sets, and instructions with outputs as in Alpaca's.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import { alpacaPrompts } from "./alpaca_prompts.ts";
import { conversationReader } from "./conversations.ts";
import type { Fields, RawRow } from "./files/raw_row.ts";
import type { Row, RowReader } from "./row.ts";
import type { ChatReading } from "./source_kind.ts";
import { templateReader } from "./template_rows.ts";

/** A row format. */
interface RowForm {
  /** The fields of such rows, for messages. */
  readonly fields: string;
  is(fields: Fields): boolean;
  reader(base: string, chat: ChatReading | undefined): RowReader | Promise<RowReader>;
}

const isThere = (fields: Fields, name: string) => (ownValue(fields, name) ?? null) !== null;

const forms: readonly RowForm[] = [
  {
    fields: "messages or conversations",
    is: (fields) => isThere(fields, "messages") || isThere(fields, "conversations"),
    reader: (base, chat) => conversationReader({ loss: "completion" }, base, chat),
  },
  {
    fields: "chosen and rejected, with a prompt if they are texts",
    is: (fields) => isThere(fields, "chosen") && isThere(fields, "rejected"),
    async reader(base, chat) {
      const texts = templateReader({ prompt: "{prompt}", chosen: "{chosen}", rejected: "{rejected}" });
      const turns = await readerOf(() => conversationReader({ loss: "completion" }, base, chat));
      return (record) =>
        (["chosen", "rejected"].some((name) => Array.isArray(ownValue(record.fields, name))) ? turns : texts)(record);
    },
  },
  {
    fields: "instruction and output",
    is: (fields) => isThere(fields, "instruction") && isThere(fields, "output"),
    reader: () => {
      const completion = "{output}";
      const [withInput, without] = [alpacaPrompts.withInput, alpacaPrompts.withoutInput].map((prompt) => {
        return templateReader({ prompt, completion });
      });
      return (record) => ((ownValue(record.fields, "input") ?? "") === "" ? without! : withInput!)(record);
    },
  },
];

/**
 * Returns a function that makes a row of a record according to its format.
 *
 * @throws {RequestError} The returned function throws it if a record has none of the formats, or is invalid in the one
 * it has.
 */
export async function formReader(base: string, chat: ChatReading | undefined): Promise<RowReader> {
  const readers = await Promise.all(forms.map((form) => readerOf(() => form.reader(base, chat))));
  return (record: RawRow): Row => {
    const at = forms.findIndex(({ is }) => is(record.fields));
    if (at >= 0) return readers[at]!(record);
    const fields = Object.keys(record.fields).slice(0, 12).map(quote).join(", ");
    throw new RequestError(
      `the row has the fields ${fields}; give a template that names them, as in { prompt: "{question}", completion: ` +
        `"{answer}" }, because rows without one must have ${forms.map((form) => form.fields).join(", or ")}`,
      record.place,
    );
  };
}

/**
 * A format's reader; if it cannot be made, as for conversations without a chat template, the error is thrown when it is
 * used.
 */
async function readerOf(make: () => RowReader | Promise<RowReader>): Promise<RowReader> {
  try {
    return await make();
  } catch (fault) {
    if (!(fault instanceof RequestError)) throw fault;
    return () => {
      throw fault;
    };
  }
}

/** Conversations with two endings, of which the first is preferred, as in preference data sets. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { isList, type PythonDict, type PythonValue } from "../python/value.ts";

/**
 * The messages of both conversations of a row with `chosen` and `rejected`: each is a text that the assistant says or a
 * list of messages, after those of its `prompt`, which is likewise a user's text or a list; `undefined` for other rows.
 *
 * @throws {RequestError} If one of the two is missing, or is neither a text nor a list.
 */
export function answersOf(row: PythonDict, place: SourceLocation): readonly PythonValue[] | undefined {
  const names = ["chosen", "rejected"] as const;
  if (!names.some((name) => row.has(name)) || row.has("messages")) return undefined;
  const prompt = turnsOf(row.get("prompt") ?? [], "user");
  return names.map((name) => {
    const answer = turnsOf(row.get(name), "assistant");
    if (answer !== undefined && prompt !== undefined && answer.length > 0) return [...prompt, ...answer];
    throw new RequestError(
      `the row's ${
        answer === undefined ? name : "prompt"
      } is neither text nor a list of turns; a row with two answers has ` +
        "chosen and rejected, and may have a prompt",
      place,
    );
  });
}

function turnsOf(value: PythonValue, role: "user" | "assistant"): readonly PythonValue[] | undefined {
  if (isList(value)) return value;
  if (typeof value !== "string" || value === "") return undefined;
  return [new Map<PythonValue, PythonValue>([["role", role], ["content", value]])];
}

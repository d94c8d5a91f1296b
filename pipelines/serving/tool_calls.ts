/**
 * Calls of tools in an answer, in the format that most templates prescribe (Hermes, Qwen, SmolLM): one JSON object
 * with `name` and `arguments` in each pair of `<tool_call>` tags.
 *
 * @module
 */
import { isJsonObject } from "../common/files.ts";

const opening = "<tool_call>", closing = "</tool_call>";

/** A call, as OpenAI's API lists it. */
interface ToolCall {
  readonly id: string;
  readonly type: "function";
  /** `arguments` is JSON. */
  readonly function: { readonly name: string; readonly arguments: string };
}

/** An answer, divided. */
interface DividedAnswer {
  /** The text before and between the calls. */
  readonly content: string;
  readonly calls: readonly ToolCall[];
}

/** Whether a prompt prescribes this format. */
export function prescribesCalls(prompt: string): boolean {
  return prompt.includes(opening);
}

/**
 * Divides a complete answer into its text and its calls; one in which a call is not valid JSON remains text. The tag
 * that closes the last call may be missing, since some models end their answer instead.
 */
export function divideAnswer(text: string): DividedAnswer {
  const whole = { content: text, calls: [] }, [before = "", ...parts] = text.split(opening);
  if (parts.length === 0) return whole;
  const contents = [before], calls: ToolCall[] = [];
  for (const [at, part] of parts.entries()) {
    const end = part.indexOf(closing), isLast = at === parts.length - 1;
    const call = end === -1 && !isLast ? undefined : callIn(end === -1 ? part : part.slice(0, end));
    if (call === undefined) return whole;
    calls.push(call);
    contents.push(end === -1 ? "" : part.slice(end + closing.length));
  }
  const content = contents.map((each) => each.trim()).filter((each) => each !== "").join("\n");
  return { content, calls };
}

/** The call that a text consists of; `undefined` if it is none. */
function callIn(text: string): ToolCall | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || typeof value["name"] !== "string") return undefined;
  const given = value["arguments"] ?? {}, id = `call_${crypto.randomUUID().replaceAll("-", "")}`;
  const written = typeof given === "string" ? given : JSON.stringify(given);
  return { id, type: "function", function: { name: value["name"], arguments: written } };
}

/** How many characters of a growing answer's text precede anything that may become a call. */
export function textBeforeCalls(text: string): number {
  const at = text.indexOf(opening);
  let end = at === -1 ? text.length : at;
  for (let count = Math.min(end, opening.length - 1); at === -1 && count > 0; count--) {
    if (!opening.startsWith(text.slice(end - count, end))) continue;
    end -= count;
    break;
  }
  return text.slice(0, end).trimEnd().length;
}

/** The question to a judge, and how its answer is read. @module */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { keyOf } from "../../common/content_key.ts";
import type { Pair } from "./outputs.ts";
import { first, namedPreference, second, type TokenLogProbability, weightedPreference } from "./preference.ts";

const system = "You compare answers of language models. You judge as a careful reader would: by what is correct, " +
  "useful and complete, not by length.";

/** A question that shows the outputs as `m` and `M`, in an order drawn from the instruction. */
export interface Question {
  readonly request: JsonObject;
  /** Whether the model's own output is shown first. */
  readonly isSwitched: boolean;
}

/**
 * The question about a pair.
 *
 * @param weighted Whether to request log-probabilities.
 */
export function questionOf({ output, other }: Pair, weighted: boolean): Question {
  const isSwitched = Number.parseInt(keyOf(["switch", output.instruction]).slice(0, 2), 16) % 2 === 1;
  const [one, two] = isSwitched ? [output.output, other.output] : [other.output, output.output];
  const content = [
    "An instruction was given to two models, m and M. Say which answered it better.",
    `<instruction>\n${output.instruction}\n</instruction>`,
    `<answer model="${first}">\n${one}\n</answer>`,
    `<answer model="${second}">\n${two}\n</answer>`,
    `Reply with the better model's name alone: ${first} or ${second}.`,
  ].join("\n\n");
  return {
    isSwitched,
    request: {
      messages: [{ role: "system", content: system }, { role: "user", content }],
      max_tokens: 1,
      temperature: 0,
      ...weighted ? { logprobs: true, top_logprobs: 5 } : {},
    },
  };
}

/** The parts of an answer that are stored. */
export interface Judgement {
  readonly text: string;
  /** The likeliest first tokens, if the endpoint returns them. */
  readonly listed?: readonly TokenLogProbability[];
}

/** The judgement in a chat completion; `undefined` if there is none. */
export function judgementOf(answer: JsonObject): Judgement | undefined {
  const { choices } = answer, choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isJsonObject(choice) || !isJsonObject(choice["message"])) return undefined;
  const { content } = choice["message"], text = content === null ? "" : content;
  if (typeof text !== "string") return undefined;
  if (!isJsonObject(choice["logprobs"])) return { text };
  const tokens = choice["logprobs"]["content"], token: unknown = Array.isArray(tokens) ? tokens[0] : undefined;
  const listed: unknown = isJsonObject(token) ? token["top_logprobs"] : undefined;
  if (!Array.isArray(listed)) return { text };
  const read = listed.map(readToken);
  return read.every((each) => each !== undefined) ? { text, listed: read } : undefined;
}

/** A token with a valid log-probability; otherwise `undefined`. */
function readToken(value: unknown): TokenLogProbability | undefined {
  if (!isJsonObject(value)) return undefined;
  const { token, logprob } = value;
  // Sums of rounded probabilities may slightly exceed 1.
  return typeof token === "string" && typeof logprob === "number" && logprob <= 1e-3 ? { token, logprob } : undefined;
}

/** The preference from 1 to 2 for the evaluated model's output; NaN if the judge named neither. */
export function preferenceOf({ text, listed }: Judgement, { isSwitched }: Question): number {
  const shown = listed === undefined ? namedPreference(text) : weightedPreference(listed);
  return isSwitched ? 3 - shown : shown;
}

/** What a request specifies, whichever endpoint it is sent to. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import type { JsonObject } from "../common/files.ts";
import { quote, suggest } from "../common/suggest.ts";
import { ApiError, wrongField } from "./api_error.ts";
import { aFlag, anInteger, anObject, aNumber, aText, listOf, optionalField, requiredField } from "./fields.ts";

/** How tokens are chosen. */
export interface TokenChoice {
  /** 0 picks the likeliest token. */
  readonly temperature: number;
  readonly topP: number;
  /** 0 for all. */
  readonly topK: number;
  readonly seed: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly repetitionPenalty: number;
  /** Values added to logits, by token. */
  readonly logitBias: ReadonlyMap<number, number>;
}

/** Which edits act, and how strongly. */
export interface EditRequest {
  /** Names of models, the first of which is the request's `model`. */
  readonly names: readonly string[];
  /** A factor for the effect of each. */
  readonly strengths: readonly number[];
}

/** What both endpoints accept. */
export interface WritingRequest {
  readonly edits: EditRequest;
  readonly choice: TokenChoice;
  /** `undefined` for as many as there is room for, or the endpoint's default. */
  readonly maxTokens: { readonly field: string; readonly count: number } | undefined;
  /** The number of answers to each prompt. */
  readonly n: number;
  readonly stop: readonly string[];
  readonly stream: boolean;
  /** Whether a stream ends with the numbers of prompt and generated tokens. */
  readonly includesUsage: boolean;
}

/** The maximum values of a request. */
const most = { choices: 16, stops: 16, stopCharacters: 1000, edits: 8, biases: 1024 } as const;

const common = [
  ...["model", "edits", "edit_strength", "temperature", "top_p", "top_k", "seed", "n", "stop", "stream"],
  ...["stream_options", "presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias", "max_tokens"],
  "max_completion_tokens",
];

/** Fields that OpenAI's clients send and that have no effect here. */
const withoutEffect = [
  ...["user", "store", "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"],
  "prediction",
];

/** Fields of OpenAI's API that the server does not have, and what to do instead. */
const unsupported: Readonly<Record<string, string>> = {
  audio: "the model answers with text; omit it",
  function_call: "it was replaced by tool_choice; give that",
  functions: 'it was replaced by tools; give those, each as { type: "function", function }',
  input: "it belongs to /v1/responses, which this server does not have; send messages to /v1/chat/completions",
  instructions: "it belongs to /v1/responses, which this server does not have; send a system message instead",
  max_output_tokens: "it belongs to /v1/responses, which this server does not have; give max_completion_tokens",
  messages: "conversations are answered by /v1/chat/completions; send it there",
  prompt: "texts are continued by /v1/completions; send it there",
  web_search_options: "the server does not search the web; omit it",
};

/** @throws {ApiError} If a body has a field that the endpoint does not have. */
export function requireKnownFields(body: JsonObject, own: readonly string[]): void {
  const known = [...common, ...own];
  for (const name of Object.keys(body)) {
    if ([...known, ...withoutEffect].includes(name)) continue;
    const instead = ownValue(unsupported, name);
    if (instead !== undefined) throw wrongField(name, `${quote(name)} is not supported: ${instead}`);
    const shown = /^[\w.-]{1,60}$/.test(name) ? name : quote(name);
    throw wrongField(shown, `Unrecognized request argument supplied: ${shown}; ${suggest(name, known)}`);
  }
}

/**
 * Reads what both endpoints accept.
 *
 * @param vocabularySize The number of the model's tokens.
 * @throws {ApiError} If a field is invalid.
 */
export function readWritingRequest(body: JsonObject, vocabularySize: number): WritingRequest {
  const stop = optionalField(body, "stop", listOf(aText, most.stops)) ?? [];
  if (stop.some((text) => text === "" || text.length > most.stopCharacters)) {
    throw wrongField("stop", `a stop text is empty or too long; give texts of 1 to ${most.stopCharacters} characters`);
  }
  const stream = optionalField(body, "stream", aFlag) ?? false, includesUsage = readsUsage(body, stream);
  const [newest, older] = ["max_completion_tokens", "max_tokens"].map((field) => {
    const count = optionalField(body, field, anInteger(1));
    return count === undefined ? undefined : { field, count };
  });
  return {
    edits: readEdits(body),
    choice: {
      temperature: optionalField(body, "temperature", aNumber(0, 100)) ?? 1,
      topP: optionalField(body, "top_p", aNumber(0, 1)) ?? 1,
      topK: optionalField(body, "top_k", anInteger(0)) ?? 0,
      seed: optionalField(body, "seed", anInteger(Number.MIN_SAFE_INTEGER)) ?? Math.floor(Math.random() * 2 ** 32),
      presencePenalty: optionalField(body, "presence_penalty", aNumber(-2, 2)) ?? 0,
      frequencyPenalty: optionalField(body, "frequency_penalty", aNumber(-2, 2)) ?? 0,
      repetitionPenalty: optionalField(body, "repetition_penalty", aNumber(0.01, 100)) ?? 1,
      logitBias: readBias(optionalField(body, "logit_bias", anObject) ?? {}, vocabularySize),
    },
    maxTokens: newest ?? older,
    n: optionalField(body, "n", anInteger(1, most.choices)) ?? 1,
    stop,
    stream,
    includesUsage,
  };
}

/** Whether a stream is to end with the numbers of its tokens. */
function readsUsage(body: JsonObject, stream: boolean): boolean {
  const options = optionalField(body, "stream_options", anObject);
  if (options === undefined) return false;
  if (!stream) throw wrongField("stream_options", '"stream_options" requires "stream": true; give both');
  // OpenAI's API pads its events unless include_obfuscation is false; this server never does.
  const known = ["include_usage", "include_obfuscation"],
    other = Object.keys(options).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw wrongField("stream_options", `"stream_options" has no ${quote(other)}; ${suggest(other, known)}`);
  }
  return optionalField(options, "include_usage", aFlag) ?? false;
}

function readEdits(body: JsonObject): EditRequest {
  const model = requiredField(body, "model", aText);
  const names = [model, ...optionalField(body, "edits", listOf(aText, most.edits)) ?? []];
  const given = optionalField(body, "edit_strength", listOf(aNumber(-100, 100), most.edits + 1)) ?? [1];
  if (given.length !== 1 && given.length !== names.length) {
    throw wrongField(
      "edit_strength",
      `"edit_strength" has ${given.length} numbers for ${names.length} models; give one number, or one for each`,
    );
  }
  return { names, strengths: names.map((_, at) => given[at] ?? given[0]!) };
}

function readBias(biases: JsonObject, vocabularySize: number): ReadonlyMap<number, number> {
  const entries = Object.entries(biases);
  if (entries.length > most.biases) {
    throw wrongField("logit_bias", `"logit_bias" has ${entries.length} tokens; give at most ${most.biases}`);
  }
  return new Map(entries.map(([token, bias]) => {
    // A token that was spelt in two ways would have two biases.
    const isId = /^(0|[1-9]\d*)$/.test(token);
    if (isId && Number(token) >= vocabularySize) {
      throw wrongField(
        "logit_bias",
        `"logit_bias" has the token ${quote(token)}, which is not one of the model's ${vocabularySize}; check it`,
      );
    }
    if (!isId || typeof bias !== "number" || !(Math.abs(bias) <= 100)) {
      throw wrongField(
        "logit_bias",
        `"logit_bias" has ${quote(token)}; give numbers from -100 to 100 by token id`,
      );
    }
    return [Number(token), bias];
  }));
}

/** What an endpoint's requests have in common. */
export interface EndpointDefaults {
  /** The field with the prompt. */
  readonly promptField: string;
  /** How many tokens are generated by default. */
  readonly newTokens: number;
}

/**
 * How many tokens may be generated after a prompt.
 *
 * @throws {ApiError} If the model has no room for the prompt, or for the requested number of tokens.
 */
export function roomAfter(
  prompt: number,
  maxTokens: WritingRequest["maxTokens"],
  { promptField, newTokens }: EndpointDefaults,
  { context, most }: { readonly context: number; readonly most: number },
): number {
  const left = context - prompt, code = "context_length_exceeded";
  if (prompt === 0) throw wrongField(promptField, "the prompt has no tokens; write one");
  if (left < 1) {
    const problem = `This model's maximum context length is ${context} tokens, and the prompt has ${prompt}`;
    throw new ApiError(400, `${problem}; shorten it`, { param: promptField, code });
  }
  if (maxTokens === undefined) return Math.min(newTokens, most, left);
  const { field, count } = maxTokens;
  if (count > most) throw wrongField(field, `the server generates at most ${most} tokens; request fewer`);
  if (count > left) {
    const problem = `This model's maximum context length is ${context} tokens, of which the prompt takes ${prompt}`;
    throw new ApiError(400, `${problem}; request at most ${left} new ones`, { param: field, code });
  }
  return count;
}

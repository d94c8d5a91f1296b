/** A service of a trained scene, called without a network. @module */
import assert from "node:assert/strict";
import { RunContext } from "../../../pipelines/schedule/context/run_context.ts";
import { type Access, handle } from "../../../pipelines/serving/handler.ts";
import { openService, type ServiceOptions } from "../../../pipelines/serving/open_service.ts";
import type { CatalogPlaces } from "../../../pipelines/serving/catalog.ts";
import type { Service, ServiceLimits } from "../../../pipelines/serving/service.ts";
import { noting } from "../../support/noting.ts";
import { inScene, type PipelineParts, type Scene } from "../../support/scene.ts";
import type { TinyModelOptions } from "../../support/tiny_model.ts";

/** The log-probabilities of tokens in a completion. */
interface CompletionLogProbabilities {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly (number | null)[];
  readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[];
  readonly text_offset: readonly number[];
}

/** A call of a tool. */
interface CalledTool {
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The fields of responses that tests read. */
export interface AnswerBody {
  readonly choices: readonly {
    readonly index: number;
    readonly text: string;
    readonly message: { readonly content: string | null; readonly tool_calls?: readonly CalledTool[] };
    readonly delta: {
      readonly content?: string;
      readonly role?: string;
      readonly tool_calls?: readonly (CalledTool & { readonly index: number })[];
    };
    readonly finish_reason: string | null;
    readonly logprobs: CompletionLogProbabilities;
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly data: readonly { readonly id: string }[];
  readonly error: { readonly message: string; readonly param: string | null; readonly code: string | null };
}

/** A service, and functions that call it. */
export interface Served {
  readonly scene: Scene;
  readonly service: Service;
  /** The notes so far. */
  readonly notes: readonly string[];
  /** Calls an endpoint, with POST if there is a body. */
  ask(path: string, body?: unknown, init?: RequestInit, access?: Access): Promise<Response>;
  /** The response to a valid request. */
  answer(path: string, body?: unknown): Promise<AnswerBody>;
  /** The status and the error of an invalid request. */
  refused(path: string, body?: unknown, init?: RequestInit, access?: Access): Promise<[number, AnswerBody["error"]]>;
  /** The text of the first answer to a prompt, with greedy decoding. */
  text(prompt: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
}

/** The options of a test's service. */
export interface ServedOptions {
  readonly parts?: Partial<PipelineParts>;
  readonly model?: TinyModelOptions;
  readonly limits?: Partial<ServiceLimits>;
  readonly rows?: number;
  readonly places?: (scene: Scene) => Partial<CatalogPlaces>;
  readonly options?: Partial<ServiceOptions>;
  /** Called before the service is opened. */
  readonly prepare?: (scene: Scene) => Promise<void>;
}

/** Trains a scene's pipeline, and runs a test with a service of its members. */
export function inService(
  { parts = {}, model = {}, limits = {}, rows = 8, places = () => ({}), options = {}, prepare }: ServedOptions,
  test: (served: Served) => Promise<void>,
): Promise<void> {
  return inScene(parts, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    await prepare?.(scene);
    const notes: string[] = [], emit = noting((message) => notes.push(message));
    const store = scene.path("store"), base = scene.folder;
    await using runContext = new RunContext({ base, store, provider: "cpu", threads: 1, emit });
    const service = await openService(runContext, {
      source: "./model",
      quantize: undefined,
      places: { folders: [scene.path("out")], members: [], watched: [], anyBase: false, ...places(scene) },
      chatTemplate: undefined,
      folder: scene.folder,
      rows,
      waiting: 64,
      keyValueBytes: 2 ** 26,
      keyValueType: "float32",
      limits: { body: { bytes: 100_000, seconds: 1 }, newTokens: 64, seconds: 60, ...limits },
      stopped: new AbortController().signal,
      ...options,
    });
    await test({ scene, service, notes, ...asking(service) });
  }, model);
}

function asking(service: Service): Pick<Served, "ask" | "answer" | "refused" | "text"> {
  const ask: Served["ask"] = (path, body, init = {}, access = {}) => {
    const sent = body === undefined
      ? {}
      : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
    return handle(service, access, new Request(new URL(path, "http://127.0.0.1:1/"), { ...sent, ...init }));
  };
  const answer: Served["answer"] = async (path, body) => {
    const response = await ask(path, body), found: AnswerBody = await response.json();
    assert.equal(response.status, 200, found.error?.message);
    return found;
  };
  return {
    ask,
    answer,
    async refused(path, body, init, access) {
      const response = await ask(path, body, init, access), { error }: AnswerBody = await response.json();
      return [response.status, error];
    },
    async text(prompt, more = {}) {
      const body = { model: "base", prompt, max_tokens: 8, temperature: 0, ...more };
      return (await answer("/v1/completions", body)).choices[0]!.text;
    },
  };
}

/** The values of a stream's events. */
export async function eventsOf(response: Response): Promise<AnswerBody[]> {
  const lines = (await response.text()).split("\n\n").filter((line) => line !== "");
  assert.equal(lines.at(-1), "data: [DONE]");
  return lines.slice(0, -1).map((line) => JSON.parse(line.replace(/^data: /, "")));
}

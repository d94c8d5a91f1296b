/** MLflow's REST API, version 2.0, as far as it is needed to write runs. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { answerInTime, wholeBody } from "../../common/bounded_http.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import type { CreatedRun, EndedRun, KeyValue, LoggedMetric } from "./entries.ts";

/** Where a server is, and how to write to it. */
export interface MlflowServer {
  /** Without a trailing slash, and without a password. */
  readonly address: string;
  /** The value of the Authorization header. */
  readonly authorization: string | undefined;
  /** The experiment that runs belong to; created if it does not exist. */
  readonly experiment: string;
}

/** A server that responds but rejects a request; retrying would not help. */
export class MlflowRefusal extends Error {
  override readonly name = "MlflowRefusal";
}

/** Milliseconds that a response may take. */
const patience = 10_000;

/** The maximum number of response bytes that are read. */
const longestAnswer = 2 ** 20;

/** The maximum number of metrics in one request. */
export const mostMetrics = 1000;

/** Writes runs of one experiment. */
export class MlflowClient {
  readonly #server: MlflowServer;
  readonly #signal: AbortSignal;
  #experiment: string | undefined;

  /** @param signal Cancels all requests. */
  constructor(server: MlflowServer, signal: AbortSignal) {
    this.#server = server;
    this.#signal = signal;
  }

  /**
   * Creates a run.
   *
   * @param parent The id of its parent run.
   * @returns The run's id.
   */
  async create({ name, tags }: CreatedRun, parent: string | undefined, timestamp: number): Promise<string> {
    const experiment = this.#experiment ??= await this.#experimentId();
    const source = [{ key: "mlflow.source.name", value: "refract" }, { key: "mlflow.source.type", value: "LOCAL" }];
    const all = [...tags, ...source, ...parent === undefined ? [] : [{ key: "mlflow.parentRunId", value: parent }]];
    const created = await this.#post("runs/create", {
      experiment_id: experiment,
      run_name: name,
      start_time: timestamp,
      tags: all,
    });
    return textAt(created, "run", "info", "run_id");
  }

  /** Writes parameters of a run. */
  async params(id: string, params: readonly KeyValue[]): Promise<void> {
    await this.#post("runs/log-batch", { run_id: id, params });
  }

  /** Writes metrics of a run, at most {@linkcode mostMetrics}. */
  async metrics(id: string, metrics: readonly LoggedMetric[]): Promise<void> {
    const written = metrics.map(({ key, value, step, timestamp }) => ({ key, value, step, timestamp }));
    await this.#post("runs/log-batch", { run_id: id, metrics: written });
  }

  /** Records how a run ended. */
  async end(id: string, { status, timestamp }: EndedRun): Promise<void> {
    await this.#post("runs/update", { run_id: id, status, end_time: timestamp });
  }

  async #experimentId(): Promise<string> {
    const { experiment } = this.#server, query = new URLSearchParams({ experiment_name: experiment });
    const found = await this.#ask(`experiments/get-by-name?${query}`, { method: "GET" }, 404);
    if (found !== undefined) return textAt(found, "experiment", "experiment_id");
    return textAt(await this.#post("experiments/create", { name: experiment }), "experiment_id");
  }

  async #post(path: string, body: object): Promise<JsonObject> {
    return await this.#ask(path, { method: "POST", body: JSON.stringify(body) }) ?? {};
  }

  /** @returns The response; `undefined` if its status says that nothing is there. */
  async #ask(path: string, request: RequestInit, absent?: number): Promise<JsonObject | undefined> {
    const { address, authorization } = this.#server;
    const headers = { "content-type": "application/json", ...authorization === undefined ? {} : { authorization } };
    const url = `${address}/api/2.0/mlflow/${path}`, begun = performance.now();
    // A redirect could send to another host what is meant for this one.
    const asked = { ...request, redirect: "manual", headers } as const;
    const response = await answerInTime(url, asked, { patience, signal: this.#signal });
    const left = patience - (performance.now() - begun);
    const text = new TextDecoder().decode(await wholeBody(response, longestAnswer, left));
    if (response.ok) return jsonOf(text);
    if (response.status === absent) return undefined;
    const answer = `it answers ${response.status}${problemOf(text)}`;
    // What a server fails at now may succeed later; what it rejects it will reject again.
    if (response.status >= 500 || response.status === 429) throw new Error(answer);
    throw new MlflowRefusal(answer);
  }
}

function jsonOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // As invalid as JSON of another shape.
  }
  throw new MlflowRefusal("it is not an MLflow server");
}

function problemOf(text: string): string {
  try {
    const { message } = jsonOf(text);
    return typeof message === "string" ? `: ${message.split("\n")[0]?.slice(0, 200)}` : "";
  } catch {
    return "";
  }
}

function textAt(value: unknown, ...path: readonly string[]): string {
  const found = path.reduce<unknown>((inner, name) => isJsonObject(inner) ? ownValue(inner, name) : undefined, value);
  if (typeof found !== "string") throw new MlflowRefusal("it is not an MLflow server");
  return found;
}

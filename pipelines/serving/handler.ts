/** Which endpoint answers a request, and who may use it. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { createHash, timingSafeEqual } from "node:crypto";
import type { JsonObject } from "../common/files.ts";
import { quote, suggest } from "../common/suggest.ts";
import { ApiError, asApiError, errorResponse } from "./api_error.ts";
import { readJsonBody } from "./body.ts";
import { baseName } from "./catalog.ts";
import { chatPage } from "./chat_page.ts";
import { completeChat } from "./chat_completions.ts";
import { complete } from "./completions.ts";
import type { Service } from "./service.ts";

/** Who may use the server. */
export interface Access {
  /** The host names that a request may use; all if omitted. */
  readonly hosts?: readonly string[] | undefined;
  /** The expected `Authorization: Bearer` value; none if omitted. */
  readonly key?: string | undefined;
}

/** An endpoint. */
interface Endpoint {
  readonly method: "GET" | "POST";
  /** Whether everyone may use it, with or without a key. */
  readonly isOpen?: true;
  answer(service: Service, request: Request): Promise<Response> | Response;
}

type Write = (service: Service, body: JsonObject, signal: AbortSignal) => Promise<Response>;

const writing = (write: Write): Endpoint => ({
  method: "POST",
  async answer(service, request) {
    const body = await readJsonBody(request, service.limits.body);
    return await write(service, body, AbortSignal.any([request.signal, service.stopped]));
  },
});

const endpoints: Readonly<Record<string, Endpoint>> = {
  "/": { method: "GET", isOpen: true, answer: chatPage },
  "/v1/models": { method: "GET", answer: ({ catalog }) => Response.json({ object: "list", data: models(catalog) }) },
  "/v1/completions": writing(complete),
  "/v1/chat/completions": writing(completeChat),
  "/health": { method: "GET", isOpen: true, answer: () => Response.json({ status: "ok" }) },
  "/metrics": {
    method: "GET",
    answer({ metrics, engine, catalog }) {
      const text = metrics.text({ ...engine.load, keptTokens: engine.keptTokens, models: catalog.names.length });
      return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } });
    },
  },
};

/** Parts of OpenAI's API that the server does not have, by the path that theirs begin with, and what to use instead. */
const unsupported: Readonly<Record<string, string>> = {
  "/v1/responses": "send messages to /v1/chat/completions",
  "/v1/conversations": "send all messages of a conversation to /v1/chat/completions",
  "/v1/assistants": "send messages to /v1/chat/completions",
  "/v1/threads": "send messages to /v1/chat/completions",
  "/v1/chat/completions": "answers are not stored; keep the one that /v1/chat/completions returned",
  "/v1/embeddings": "the server only generates text; deno task activations writes a model's hidden states",
  "/v1/moderations": "the server only generates text; use another service",
  "/v1/images": "the server only generates text; use another service",
  "/v1/audio": "the server only generates text; use another service",
  "/v1/files": "the server stores nothing; send each prompt to /v1/completions or /v1/chat/completions",
  "/v1/batches": "the server stores nothing; send each prompt to /v1/completions or /v1/chat/completions",
  "/v1/vector_stores": "the server stores nothing; use another service",
  "/v1/fine_tuning": "deno task run trains edits, and --watch serves them once they are trained",
};

function unsupportedPath(pathname: string): string | undefined {
  return Object.entries(unsupported).find(([start]) => `${pathname}/`.startsWith(`${start}/`))?.[1];
}

function models({ edits }: Service["catalog"]) {
  const listed = [[baseName, 0] as const, ...[...edits].map(([name, { created }]) => [name, created] as const)];
  return listed.map(([id, created]) => ({ id, object: "model", created, owned_by: "refract" }));
}

/** Answers any request; every error becomes a response too. */
export async function handle(service: Service, access: Access, request: Request): Promise<Response> {
  let response: Response, pathname = "";
  try {
    ({ pathname } = urlOf(request));
    const endpoint = endpointOf(service, pathname);
    requireHost(access, request);
    if (endpoint === undefined) {
      const instead = unsupportedPath(pathname) ?? suggest(pathname, Object.keys(endpoints));
      throw new ApiError(404, `there is no ${pathname}; ${instead}`);
    }
    if (endpoint.isOpen !== true) requireKey(access, request);
    // An answer to HEAD is sent without its body.
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (method !== endpoint.method) {
      const headers = { allow: endpoint.method === "GET" ? "GET, HEAD" : endpoint.method };
      throw new ApiError(405, `${pathname} takes ${endpoint.method}, not ${request.method}`, { headers });
    }
    response = await endpoint.answer(service, request);
  } catch (error) {
    response = errorResponse(asApiError(error));
  }
  const known = Object.hasOwn(endpoints, pathname) ? pathname : "other";
  service.metrics.requests.add(1, { endpoint: known, status: String(response.status) });
  return response;
}

function endpointOf({ catalog }: Service, pathname: string): Endpoint | undefined {
  const known = ownValue(endpoints, pathname);
  if (known !== undefined) return known;
  const [, name] = /^\/v1\/models\/(.+)$/.exec(pathname) ?? [];
  if (name === undefined) return undefined;
  return {
    method: "GET",
    answer() {
      const id = decoded(name), found = models(catalog).find((model) => model.id === id);
      if (found === undefined) catalog.edit(id);
      return Response.json(found);
    },
  };
}

/** @throws {ApiError} If its parts are not percent-encoded UTF-8. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new ApiError(404, `there is no model ${quote(name)}, which is not percent-encoded UTF-8; correct it`, {
      param: "model",
      code: "model_not_found",
    });
  }
}

/** @throws {ApiError} If the host that the client gives is none. */
function urlOf({ url, headers }: Request): URL {
  const parsed = URL.parse(url);
  if (parsed !== null) return parsed;
  throw new ApiError(400, `${quote(headers.get("host") ?? "")} is not a host; correct the header Host`);
}

/** A request with another host name comes from a page elsewhere that tries to read what is served (DNS rebinding). */
function requireHost({ hosts }: Access, { headers, url }: Request): void {
  const asked = new URL(url), origin = headers.get("origin");
  if (hosts !== undefined && !hosts.includes(asked.hostname)) {
    throw new ApiError(403, `this server is not ${asked.hostname}; call it ${hosts.join(" or ")}`, {
      code: "wrong_host",
    });
  }
  if (origin !== null && URL.parse(origin)?.host !== asked.host) {
    throw new ApiError(403, "pages from other sites may not send requests; use this server's own page", {
      code: "wrong_origin",
    });
  }
}

function requireKey({ key }: Access, { headers }: Request): void {
  if (key === undefined) return;
  const [, given = ""] = /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (timingSafeEqual(digest(given), digest(key))) return;
  throw new ApiError(401, "the API key is wrong or missing; send it as Authorization: Bearer", {
    code: "invalid_api_key",
    headers: { "www-authenticate": "Bearer" },
  });
}

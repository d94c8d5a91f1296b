/**
 * A stub Hugging Face hub on this machine: repositories in memory, with the endpoints that list, download and push
 * models. Its faults are declared as data.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { HubTimings } from "../../pipelines/models/hub/access.ts";

/** Files by path. */
export type Files = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** The content of a repository and the access to it. */
export interface RepositoryOptions {
  readonly files: Files;
  /** Further branches or tags, each with its own files. */
  readonly revisions?: Readonly<Record<string, Files>>;
  /** The only token that may see it; if omitted, it is public. */
  readonly token?: string;
  /** The only token that may read its files, though anyone may list them. */
  readonly licensee?: string;
}

/** A fault of some requests. */
export interface Fault {
  /** The requests that fail, by `METHOD /path`. */
  readonly at: RegExp;
  /** How many of these requests fail, from the first on; all if omitted. */
  readonly times?: number;
  /** Responds with this status, `headers` and `body` instead of the normal response. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Breaks the connection after this many bytes of the response. */
  readonly breaksAfter?: number;
  /** Ends the response after this many bytes, as if it were complete. */
  readonly endsAfter?: number;
  /** Sends nothing more after this many bytes. */
  readonly silentAfter?: number;
  /** The file's content, instead of the listed one. */
  readonly content?: string;
  /** Sends a file from its start, whatever range is asked for. */
  readonly ignoresRange?: boolean;
  /** Waits this many milliseconds before it responds. */
  readonly delay?: number;
  /** Redirects to another host. */
  readonly redirect?: string;
}

/** A received request. */
export interface Asked {
  /** `METHOD /path`. */
  readonly line: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

/** Retries without waiting; the patience is long, since the machine may be busy. */
export const hasty: HubTimings = { attempts: 3, pause: 1, longestPause: 2000, patience: 30_000, poll: 5 };

/** {@linkcode hasty}, for a hub that may stay silent. */
export const impatient: HubTimings = { ...hasty, patience: 500 };

/** The token with write access. */
export const writer = "hf_writer";

interface Repository {
  readonly options: RepositoryOptions;
  readonly revisions: Map<string, string>;
  readonly commits: Map<string, Map<string, Uint8Array<ArrayBuffer>>>;
  isPrivate: boolean;
}

const sha = (kind: "sha1" | "sha256", ...parts: readonly (string | Uint8Array)[]) => {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** SHA-256 of a text or bytes, in hex. */
export const sha256 = (content: string | Uint8Array): string => sha("sha256", content);

/** Git's SHA-1 of a file, in hex. */
export function gitSha1(content: string | Uint8Array): string {
  const bytes = bytesOf(content);
  return sha("sha1", `blob ${bytes.length}\0`, bytes);
}

function bytesOf(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
}

const isLarge = (path: string) => /\.(safetensors|bin|model|parquet)$/.test(path);
const digestOf = (path: string, bytes: Uint8Array) => isLarge(path) ? sha256(bytes) : gitSha1(bytes);

/** A running hub. */
export class Hub {
  /** Its base URL, with a trailing slash as users write it. */
  readonly endpoint: string;
  readonly requests: Asked[] = [];
  /** Whether it lists trees, which some mirrors don't. */
  hasTree = true;
  /** Whether it has an API, unlike simple mirrors with only files. */
  hasApi = true;
  readonly #repositories = new Map<string, Repository>();
  readonly #uploads = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Called before each request is handled, and again once it has taken effect. */
  moment: () => void = () => {};
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #faults: { readonly fault: Fault; left: number }[] = [];

  constructor(repositories: Readonly<Record<string, RepositoryOptions>>) {
    for (const [id, options] of Object.entries(repositories)) {
      const repository = this.#create(id, false, options);
      for (const [revision, files] of Object.entries({ main: options.files, ...options.revisions })) {
        this.#commit(repository, revision, new Map(Object.entries(files).map(([path, text]) => [path, bytesOf(text)])));
      }
    }
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      this.moment();
      const answer = await this.#answer(request);
      this.moment();
      return request.headers.has("origin") ? forPages(answer) : answer;
    });
    this.endpoint = `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Sets the faults, replacing earlier ones. */
  fail(...faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, left: fault.times ?? Infinity }));
  }

  /** The commit of a revision. */
  commit(id: string, revision = "main"): string {
    return this.#repositories.get(id)!.revisions.get(revision)!;
  }

  /** A repository's files as bytes; undefined if there is no such repository or revision. */
  files(id: string, revision = "main"): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | undefined {
    const repository = this.#repositories.get(id);
    return repository?.commits.get(repository.revisions.get(revision) ?? "");
  }

  /** Whether a repository is private. */
  isPrivate(id: string): boolean | undefined {
    return this.#repositories.get(id)?.isPrivate;
  }

  /** Forgets a repository, and all that was uploaded. */
  forget(id: string): void {
    this.#repositories.delete(id);
    this.#uploads.clear();
  }

  /** The lines of the requests from a given index on. */
  lines(since = 0): readonly string[] {
    return this.requests.slice(since).map(({ line }) => line);
  }

  /** Stops serving. */
  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  #create(id: string, isPrivate: boolean, options: RepositoryOptions): Repository {
    const repository = { options, revisions: new Map(), commits: new Map(), isPrivate };
    this.#repositories.set(id, repository);
    return repository;
  }

  #commit(repository: Repository, revision: string, files: Map<string, Uint8Array<ArrayBuffer>>): string {
    const parts = [...files].flatMap(([path, bytes]) => [path, "\0", sha256(bytes)]);
    const commit = sha("sha1", ...parts);
    repository.commits.set(commit, files);
    repository.revisions.set(revision, commit);
    return commit;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url), line = `${request.method} ${decodeURIComponent(pathname)}`;
    const [range, authorization] = [request.headers.get("range"), request.headers.get("authorization")];
    this.requests.push({ line, range, authorization });
    const due = this.#faults.find(({ fault, left }) => left > 0 && fault.at.test(line));
    if (due !== undefined) due.left--;
    const fault = due?.fault;
    if (fault?.delay !== undefined) await new Promise((passed) => setTimeout(passed, fault.delay));
    if (fault?.redirect !== undefined) return Response.redirect(fault.redirect + pathname);
    if (fault?.status !== undefined) {
      await request.body?.cancel();
      return new Response(fault.body ?? null, { status: fault.status, headers: fault.headers ?? {} });
    }
    const [, method = "", path = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    return method === "GET" || method === "HEAD"
      ? this.#read(path, method, authorization, range, fault)
      : await this.#write(path, request, authorization);
  }

  #read(
    path: string,
    method: string,
    authorization: string | null,
    range: string | null,
    fault: Fault | undefined,
  ): Response {
    const [, api, page, bare = "", kind = "", rest = ""] =
      /^\/(api\/(?:models|(?=datasets\/)))?\/?(datasets\/)?([\w.-]+(?:\/[\w.-]+)?)(?:\/(revision|tree|resolve)\/(.*))?$/
        .exec(path) ?? [];
    const id = (page ?? "") + bare;
    if (api !== undefined && !this.hasApi) return refusal(404, "");
    const repository = this.#repositories.get(id);
    const { token, licensee } = repository?.options ?? {};
    const isHidden = token !== undefined && authorization !== `Bearer ${token}`;
    if (repository === undefined || isHidden) return refusal(authorization === null ? 401 : 404, "RepoNotFound");
    const [, revision = "", file = ""] = kind === "resolve"
      ? /^(refs\/convert\/parquet|[^/]*)\/(.*)$/.exec(rest) ?? []
      : ["", rest || "main"];
    const commit = repository.commits.has(revision) ? revision : repository.revisions.get(revision);
    if (commit === undefined) return refusal(404, "RevisionNotFound");
    const files = repository.commits.get(commit)!;
    if (api !== undefined && kind === "tree") {
      return this.hasTree ? Response.json([...files].map(treeEntry)) : refusal(404, "");
    }
    if (api !== undefined) {
      const siblings = [...files.keys()].map((rfilename) => ({ rfilename })), lastModified = "2024-01-01T00:00:00.000Z";
      return Response.json({ _id: "1", id, sha: commit, siblings, lastModified, private: repository.isPrivate });
    }
    const bytes = files.get(file);
    if (bytes === undefined) return refusal(404, "EntryNotFound");
    if (licensee !== undefined && authorization !== `Bearer ${licensee}`) {
      return refusal(authorization === null ? 401 : 403, "GatedRepo");
    }
    const etag = `"${isLarge(file) ? gitSha1(bytes) : digestOf(file, bytes)}"`;
    const linked = isLarge(file) ? { "x-linked-etag": `"${sha256(bytes)}"`, "x-linked-size": `${bytes.length}` } : {};
    const headers = { etag, ...linked, "x-repo-commit": commit };
    return method === "HEAD"
      ? new Response(null, { headers: { ...headers, "content-length": `${bytes.length}` } })
      : send(fault?.content === undefined ? bytes : bytesOf(fault.content), headers, range, fault ?? { at: /./ });
  }

  async #write(path: string, request: Request, authorization: string | null): Promise<Response> {
    const [, upload] = /^\/upload\/(\w+)$/.exec(path) ?? [];
    if (upload !== undefined) {
      const bytes = await request.bytes();
      if (sha256(bytes) !== upload) return refusal(400, "");
      this.#uploads.set(upload, bytes);
      return new Response();
    }
    const text = await request.text();
    if (authorization !== `Bearer ${writer}`) return refusal(authorization === null ? 401 : 403, "");
    if (path === "/api/repos/create") {
      const { organization, name, visibility } = JSON.parse(text), id = `${organization}/${name}`;
      if (this.#repositories.has(id)) return refusal(409, "");
      this.#commit(this.#create(id, visibility === "private", { files: {} }), "main", new Map());
      return Response.json({ url: this.endpoint + id, id });
    }
    const [, id = "", kind, revision = "main"] =
      /^\/(?:api\/models\/)?([\w.-]+\/[\w-]+)(?:\.git\/info\/lfs\/objects\/(batch)|\/(?:preupload|commit|branch)\/(.*))$/
        .exec(path) ?? [];
    const repository = this.#repositories.get(id);
    if (repository === undefined) return refusal(404, "RepoNotFound");
    if (kind === "batch") return this.#batch(JSON.parse(text));
    if (path.includes("/branch/")) {
      if (repository.revisions.has(revision)) return refusal(409, "");
      repository.revisions.set(revision, repository.revisions.get("main")!);
      return new Response(null, { status: 201 });
    }
    if (!repository.revisions.has(revision)) return refusal(404, "RevisionNotFound");
    if (path.includes("/preupload/")) {
      const { files } = JSON.parse(text) as { readonly files: readonly { readonly path: string }[] };
      return Response.json({
        files: files.map(({ path }) => ({ path, uploadMode: isLarge(path) ? "lfs" : "regular", shouldIgnore: false })),
      });
    }
    const files = new Map(this.files(id, revision));
    for (const { key, value } of text.split("\n").map((each) => JSON.parse(each))) {
      if (key === "file") files.set(value.path, Uint8Array.fromBase64(value.content));
      if (key === "lfsFile") files.set(value.path, this.#uploads.get(value.oid)!);
    }
    const commitOid = this.#commit(repository, revision, files);
    return Response.json({ commitOid, commitUrl: `${this.endpoint}${id}/commit/${commitOid}`, hookOutput: "" });
  }

  #batch({ objects }: { readonly objects: readonly { readonly oid: string; readonly size: number }[] }): Response {
    const answered = objects.map(({ oid, size }) => ({
      oid,
      size,
      ...this.#uploads.has(oid) ? {} : { actions: { upload: { href: `${this.endpoint}upload/${oid}` } } },
    }));
    return Response.json({ transfer: "basic", objects: answered });
  }
}

function treeEntry([path, bytes]: readonly [string, Uint8Array]): Readonly<Record<string, unknown>> {
  const size = bytes.length, lfs = { oid: sha256(bytes), size, pointerSize: 130 };
  return { type: "file", path, size, oid: gitSha1(bytes), ...isLarge(path) ? { lfs } : {} };
}

function refusal(status: number, code: string): Response {
  const headers: Record<string, string> = code === "" ? {} : { "x-error-code": code };
  return Response.json({ error: `Refused\nwith ${status}.` }, { status, headers });
}

function send(
  bytes: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
  range: string | null,
  fault: Fault,
): Response {
  const from = fault.ignoresRange ? 0 : Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0), size = bytes.length;
  if (from >= size && from > 0) return refusal(416, "");
  const part = bytes.subarray(from), status = from > 0 ? 206 : 200;
  const ranged = from > 0 ? { "content-range": `bytes ${from}-${size - 1}/${size}` } : {};
  const all = { ...headers, ...ranged };
  const least = fault.breaksAfter ?? fault.endsAfter ?? fault.silentAfter;
  if (least === undefined) return new Response(part, { status, headers: all });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (least > 0) controller.enqueue(part.subarray(0, least));
      if (fault.silentAfter === undefined) controller.close();
    },
  });
  // A body shorter than its declared length breaks the connection.
  const length: Record<string, string> = fault.endsAfter === undefined ? { "content-length": `${part.length}` } : {};
  return new Response(body, { status, headers: { ...all, ...length } });
}

/** A response that pages of other origins may read, with the headers that the hub exposes. */
function forPages({ body, status, headers }: Response): Response {
  const shown = "X-Repo-Commit,X-Error-Code,X-Error-Message,ETag,Link,Content-Range,X-Linked-Size,X-Linked-ETag";
  const all = new Headers(headers);
  all.set("access-control-allow-origin", "*");
  all.set("access-control-expose-headers", shown);
  return new Response(body, { status, headers: all });
}

/** Runs a test against a hub on this machine. */
export async function withHub(
  repositories: Readonly<Record<string, RepositoryOptions>>,
  test: (hub: Hub) => Promise<void>,
): Promise<void> {
  const hub = new Hub(repositories);
  try {
    await test(hub);
  } finally {
    await hub.close();
  }
}

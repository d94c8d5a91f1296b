import { createHash, type Hash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import { downloadFile, HubApiError, type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { RequestError, RunError } from "../errors.ts";
import { faultText, unwritable, writeAll, writeAtomically } from "./files.ts";
import type { HubRequest } from "./hub.ts";

/** Where a download comes from and where it goes. */
export interface DownloadPlace {
  /** The model's folder in the cache, `…/models--owner--name`. */
  readonly repository: string;
  /** Base URL of the hub, without a final slash. */
  readonly endpoint: string;
  /** Access token for gated and private models. */
  readonly token?: string;
}

/** A server that has not answered within this time is taken for absent; milliseconds. */
const PATIENCE = 30_000;

/**
 * Downloads a model into the cache, in the layout that huggingface_hub shares: contents in `blobs`, links to them in
 * `snapshots/<commit>`, and the commit of a branch or tag in `refs`, written last. Files that are there stay. Every file
 * is checked against the digest that the hub lists, and appears only once it is whole.
 *
 * `downloadFileToCacheDir` of @huggingface/hub prints to standard output, shows no progress and checks no digest.
 *
 * @param request Which model, and whether the weights too.
 * @param place Where from and where to.
 * @returns The snapshot's folder. Throws a RequestError if the model can't be had, a RunError if the disk refuses.
 */
export async function downloadSnapshot(request: HubRequest, place: DownloadPlace): Promise<string> {
  const { id, revision } = request;
  if (place.token !== undefined && !place.token.startsWith("hf_")) {
    throw new RequestError("HF_TOKEN does not begin with hf_; correct or unset it");
  }
  const access = {
    hubUrl: place.endpoint,
    fetch: fetchInTime,
    ...(place.token === undefined ? {} : { accessToken: place.token }),
  };
  try {
    const { sha: commit } = await modelInfo({ name: id, revision, additionalFields: ["sha"], ...access });
    const listed = await Array.fromAsync(listFiles({ repo: id, revision: hexName(commit), ...access }));
    const files = wantedFiles(listed, request);
    const snapshot = join(place.repository, "snapshots", commit);
    const total = files.reduce((sum, file) => sum + file.size, 0);
    let done = 0;
    for (const file of files) {
      const blob = join(place.repository, "blobs", hexName(file.lfs?.oid ?? file.oid));
      if (!await isPresent(blob)) {
        const content = await downloadFile({ repo: id, path: file.path, revision: commit, xet: false, ...access });
        if (content === null) throw new Error(`${file.path} is gone`);
        const report = (bytes: number) => request.progress?.(done + bytes, total, file.path);
        await storeBlob(content, file, blob, report);
      }
      await link(blob, join(snapshot, file.path));
      done += file.size;
      request.progress?.(done, total, file.path);
    }
    if (revision !== commit) {
      const ref = join(place.repository, "refs", revision);
      await makeFolder(dirname(ref));
      await writeAtomically(ref, [new TextEncoder().encode(commit)]);
    }
    return snapshot;
  } catch (fault) {
    throw explain(fault, request, place.endpoint);
  }
}

/** A digest that will name a file; anything else from a server could lead out of the cache. */
function hexName(digest: string | undefined): string {
  if (digest !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digest)) return digest;
  throw new Error(`the server gave the malformed digest ${JSON.stringify(digest)}`);
}

/** Of a model's files those that Refract reads: not a second copy of the weights in another format. */
function wantedFiles(listed: readonly ListFileEntry[], { id, weights }: HubRequest): readonly ListFileEntry[] {
  const files = listed.filter((entry) => entry.type === "file" && !/[/\\]/.test(entry.path));
  const small = files.filter(({ path }) =>
    /^(config|generation_config|special_tokens_map|tokenizer.*|model\.safetensors\.index)\.json$/.test(path)
  );
  if (!small.some(({ path }) => path === "config.json")) {
    throw new RequestError(`${id} has no config.json; choose a model in the transformers layout`);
  }
  if (!weights) return small;
  const single = files.filter(({ path }) => path === "model.safetensors");
  const shards = files.filter(({ path }) => /^model.*\.safetensors$/.test(path));
  if (shards.length === 0) {
    throw new RequestError(`${id} has no safetensors weights; choose a model that has, or convert it into a folder`);
  }
  return [...small, ...(single.length > 0 ? single : shards)];
}

/** Writes a download beside its blob, and gives it the blob's name once its digest is right. */
async function storeBlob(
  content: Blob,
  file: ListFileEntry,
  blob: string,
  report: (bytes: number) => void,
): Promise<void> {
  await makeFolder(dirname(blob));
  const partial = `${blob}.${crypto.randomUUID()}.incomplete`;
  try {
    const hash = digestOf(file);
    {
      using handle = await Deno.open(partial, { write: true, createNew: true }).catch((fault: unknown) => {
        throw unwritable(partial, fault);
      });
      let bytes = 0;
      for await (const chunk of content.stream()) {
        await writeAll(handle, chunk).catch((fault: unknown) => {
          throw unwritable(partial, fault);
        });
        hash.update(chunk);
        report(bytes += chunk.length);
      }
    }
    if (hash.digest("hex") !== (file.lfs?.oid ?? file.oid)) throw new Error(`${file.path} arrived damaged`);
    await Deno.rename(partial, blob).catch((fault: unknown) => {
      throw unwritable(blob, fault);
    });
  } catch (fault) {
    await Deno.remove(partial).catch(() => {});
    throw fault;
  }
}

/** Large files are listed by their SHA-256, others by git's SHA-1 of a header and the content. */
function digestOf({ lfs, size }: ListFileEntry): Hash {
  return lfs === undefined ? createHash("sha1").update(`blob ${size}\0`) : createHash("sha256");
}

async function link(blob: string, path: string): Promise<void> {
  if (await isPresent(path)) return;
  await makeFolder(dirname(path));
  await Deno.remove(path).catch(() => {}); // a link whose blob was gone
  try {
    await Deno.symlink(relative(dirname(path), blob), path).catch((fault: unknown) => {
      if (fault instanceof Deno.errors.AlreadyExists) return; // by another process
      return Deno.link(blob, path); // where symbolic links are not allowed
    });
  } catch (fault) {
    throw unwritable(path, fault);
  }
}

async function makeFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true }).catch((fault: unknown) => {
    throw unwritable(path, fault);
  });
}

async function isPresent(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The global fetch, given up if no answer begins in time; the answer itself may take as long as it needs. */
const fetchInTime: typeof fetch = async (input, init) => {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error(`no answer within ${PATIENCE / 1000} s`)), PATIENCE);
  try {
    return await fetch(input, { ...init, signal: patience.signal });
  } finally {
    clearTimeout(timer);
  }
};

function explain(fault: unknown, { id, revision }: HubRequest, endpoint: string): RequestError | RunError {
  if (fault instanceof RequestError || fault instanceof RunError) return fault;
  const status = fault instanceof HubApiError ? fault.statusCode : undefined;
  if (status === 404) {
    return new RequestError(
      `${id} has no revision ${
        JSON.stringify(revision)
      } on ${endpoint}, or does not exist; correct the name or give a ` +
        `folder`,
    );
  }
  if (status === 401 || status === 403) {
    return new RequestError(
      `${id} does not exist on ${endpoint} or needs a permission; correct the name, or set HF_TOKEN to a token with access`,
    );
  }
  // Deno's own text begins with the whole URL.
  const reason = faultText(rootCause(fault)).replace(/^error sending request for url \(\S*\): /, "");
  return new RequestError(
    `${id} could not be downloaded from ${endpoint} (${reason}); check the connection, or give a folder that holds it`,
  );
}

/** A failed fetch says no more than that it failed; its innermost cause says why. */
function rootCause(fault: unknown): unknown {
  return fault instanceof Error && fault.cause instanceof Error ? rootCause(fault.cause) : fault;
}

/**
 * Pushing files to a hub in one commit.
 *
 * @module
 */
import { createBranch, createRepo, modelInfo, uploadFiles } from "@huggingface/hub";
import { RequestError } from "../../common/errors.ts";
import { type HubAccess, shownEndpoint } from "./access.ts";
import { wholeAnswers } from "./body.ts";
import { isCommit } from "./cache.ts";
import { sound } from "./listing.ts";
import { hubError } from "./hub_errors.ts";
import { HubError, hubFetch } from "./transport.ts";

/** A push. */
interface PushRequest {
  /** `owner/name`. */
  readonly id: string;
  /** The branch, which is created if absent. */
  readonly revision: string;
  /** Whether the repository must be private. */
  readonly isPrivate: boolean;
  /** The files, by their paths in the repository. */
  readonly files: Readonly<Record<string, Blob>>;
  /** The commit's title. */
  readonly title: string;
}

/** The client only accepts tokens of the hub's own form; the underlying fetch sends the real one. */
const anyToken = "hf_";

/**
 * Pushes files to a model's repository, which is created if absent.
 *
 * @param request The files and their destination.
 * @param access The hub and the token.
 * @returns The commit.
 * @throws {RequestError} If the push is refused; one line with the remedy.
 */
export async function pushFiles(request: PushRequest, access: HubAccess): Promise<string> {
  const { id, revision, files, title } = request, { endpoint, token } = access;
  if (token === undefined) {
    throw new RequestError(
      `pushing to ${shownEndpoint(access)} requires a token; set HF_TOKEN to one that may write ${id}`,
    );
  }
  if (isCommit(revision)) {
    throw new RequestError(
      `revision ${JSON.stringify(revision)} is a commit, which nothing can be added to; give a branch`,
    );
  }
  const fetch = wholeAnswers(hubFetch(access), access.timings.patience);
  const common = { hubUrl: endpoint, fetch, accessToken: anyToken } as const;
  try {
    await requireRepository(request, common);
    if (revision !== "main") await createBranch({ repo: id, branch: revision, ...common }).catch(unlessThere);
    const uploads = Object.entries(files).map(([path, content]) => ({ path, content }));
    // Xet's chunked uploads contact other hosts.
    const to = { repo: id, branch: revision, commitTitle: title, useXet: false, ...common };
    const output = await sound(() => uploadFiles({ ...to, files: uploads }));
    return output?.commit.oid ?? "";
  } catch (fault) {
    throw hubError(fault, { kind: "model", id, revision, access, isPush: true });
  }
}

/** Creates the repository unless it exists, and requires that it is as private as requested. */
async function requireRepository(
  { id, isPrivate }: PushRequest,
  common: { readonly hubUrl: string; readonly fetch: typeof fetch; readonly accessToken: string },
): Promise<void> {
  const visibility = isPrivate ? { visibility: "private" } as const : {};
  try {
    await sound(() => createRepo({ repo: id, ...visibility, ...common }));
  } catch (fault) {
    // A token that may write to a repository may not be allowed to create one.
    if (!(fault instanceof HubError && (fault.status === 409 || fault.status === 403))) throw fault;
    if (fault.status === 409 && !isPrivate) return;
    const there = await modelInfo({ name: id, revision: "main", ...common }).catch((other) => {
      throw fault.status === 403 ? fault : other;
    });
    if (isPrivate && !there.private) {
      throw new RequestError(
        `${id} exists on ${common.hubUrl} and is public; omit --private, or give another name`,
      );
    }
  }
}

/** Rethrows a fault unless it says that the item already exists. */
function unlessThere(fault: unknown): void {
  if (!(fault instanceof HubError && fault.status === 409)) throw fault;
}

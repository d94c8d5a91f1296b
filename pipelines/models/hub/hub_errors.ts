/**
 * Errors for a hub that refuses, fails or is unreachable: one line with the remedy.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { RequestError, RunError, StoppedError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { type HubAccess, shownEndpoint } from "./access.ts";
import { DamagedFile } from "./blob.ts";
import { rootCause, SilentServer } from "../../common/bounded_http.ts";
import { MalformedAnswer } from "./body.ts";
import { pageOf, type RepositoryKind, repositoryKinds } from "./repository_kind.ts";
import { HubError } from "./transport.ts";

/** Whether a visitor of a page asks, who has no token, sets no variables and runs no commands. */
const isPage = system.build.os === "browser";

const again = isPage ? "try again" : "run it again";

/** What may be given in place of what could not be had. */
function insteadOf(kind: RepositoryKind): string {
  return isPage ? `another ${kind}` : repositoryKinds[kind].instead;
}

/** The remedy where a token would be one. */
function tokenRemedy(remedy: string): string {
  return isPage ? "choose one that anyone may read" : remedy;
}

/** The request that failed. */
interface FailedRequest {
  readonly kind: RepositoryKind;
  /** `owner/name`. */
  readonly id: string;
  readonly revision: string;
  readonly access: HubAccess;
  /** Whether it was a push, not a download. */
  readonly isPush?: boolean;
}

/**
 * Adds the reason to a refusal if the hub gives none: another request shows whether the revision or the repository is
 * missing.
 *
 * @returns The refusal with its reason; any other fault is returned unchanged.
 */
export async function withReason(
  { kind, id }: Pick<FailedRequest, "kind" | "id">,
  fault: unknown,
  { endpoint }: HubAccess,
  fetchHub: typeof fetch,
): Promise<unknown> {
  if (!(fault instanceof HubError) || fault.status !== 404 || fault.code !== "") return fault;
  const isThere = await fetchHub(`${endpoint}/api/${repositoryKinds[kind].api}/${id}`).then(async (response) => {
    await response.body?.cancel();
    return true;
  }, () => false);
  return new HubError(404, isThere ? "RevisionNotFound" : "RepoNotFound", fault.serverMessage, undefined);
}

/**
 * Converts a request's error to the one to show.
 *
 * @returns A RequestError with the remedy; an error that can already be shown is returned unchanged.
 */
export function hubError(fault: unknown, request: FailedRequest): RequestError | RunError | StoppedError {
  if (fault instanceof RequestError || fault instanceof RunError || fault instanceof StoppedError) return fault;
  const { kind, id, access, isPush = false } = request, { token } = access, endpoint = shownEndpoint(access);
  if (fault instanceof HubError) return new RequestError(refusalText(fault, request));
  if (fault instanceof DamagedFile) {
    return new RequestError(
      `${fault.message}; nothing of it was kept, download ${id} again, or from elsewhere than ${endpoint}`,
    );
  }
  if (fault instanceof MalformedAnswer) {
    return new RequestError(
      `${endpoint} does not respond like a Hugging Face hub (${fault.message}, malformed); ${
        isPage ? "tell the site's owner" : "check HF_ENDPOINT"
      }`,
    );
  }
  const host = fault instanceof system.errors.NotCapable
    ? /net access to "([^"]+)"/.exec(fault.message)?.[1]
    : undefined;
  if (host !== undefined) {
    return new RequestError(
      host === new URL(endpoint).host
        ? `${endpoint} is not among the hosts that --allow-net permits; run it again with --allow-net=${host}`
        : `${endpoint} has files of ${id} on ${host}, which is not among the hosts that --allow-net permits; run it again ` +
          `with --allow-net=${host}, or give ${repositoryKinds[kind].instead}`,
    );
  }
  // The whole URL precedes the reason, and may contain credentials.
  const text = fault instanceof SilentServer ? fault.message : faultText(rootCause(fault));
  const bare = text.replace(/^.*client error \([A-Za-z]+\): /, "").replaceAll(/https?:\S+/g, "…");
  const reason = token === undefined ? bare : bare.replaceAll(token.value, "…");
  return new RequestError(
    isPush
      ? `${id} could not be pushed to ${endpoint} (${reason}); check the connection and push again`
      : `${id} could not be downloaded from ${endpoint} (${reason}); check the connection and ${again}, which continues where ` +
        `it stopped, or give ${insteadOf(kind)}`,
  );
}

function refusalText(refusal: HubError, { kind, id, revision, access, isPush = false }: FailedRequest): string {
  const { token, timings } = access,
    endpoint = shownEndpoint(access),
    { status, code, serverMessage, retryAfter, file } = refusal;
  const instead = insteadOf(kind);
  const quoted = (file === undefined ? "" : `${file}: `) +
    (serverMessage === "" ? `${status}` : `${status}, ${JSON.stringify(serverMessage)}`);
  const asked = token === undefined ? "" : ` with the token of ${token.from}`;
  const isTried = refusal.isPassing && !((retryAfter ?? 0) > timings.longestPause);
  const tried = isTried ? ` after ${timings.attempts} attempts` : "";
  const later = retryAfter === undefined ? "later" : `in ${Math.ceil(retryAfter / 1000)} s`;
  const named = JSON.stringify(revision), lacked = token === undefined ? "" : ` that the token of ${token.from} lacks`;
  switch (true) {
    case status === 404 && code === "RevisionNotFound":
      return `${id} has no revision ${named} on ${endpoint}; give one of its branches, tags or commits`;
    case status === 404 && file !== undefined && code !== "RepoNotFound":
      return `${endpoint} lists ${file} of ${id} but does not have it (${status}); choose another revision or ${kind}, or give ` +
        instead;
    case code === "GatedRepo":
      if (isPage) return `${id} is gated, and a page asks without a token; choose one that anyone may read`;
      return `${id} is gated: accept its licence on ${endpoint}/${pageOf(kind, id)}` +
        (token === undefined
          ? `, and set HF_TOKEN to a token of the account that did`
          : `, by the account whose token is in ${token.from}`);
    case status === 401 && token !== undefined && code !== "RepoNotFound":
      return `${endpoint} rejects the token of ${token.from} (${quoted}); set HF_TOKEN to a valid one`;
    case isPush && status === 401:
      return `${endpoint} requires a token to write ${id}; set HF_TOKEN to a token that may write`;
    case isPush && status === 403:
      return `the token of ${token?.from} may not write ${id} on ${endpoint} (${quoted}); set HF_TOKEN to one that may`;
    case status === 401 || status === 404:
      return `${id} does not exist on ${endpoint} or needs a permission${lacked}; correct the name, or ` +
        tokenRemedy("set HF_TOKEN to a token with access");
    case status === 403:
      return `${endpoint} forbids ${id}${asked} (${quoted}); ` +
        tokenRemedy(
          `set HF_TOKEN to a token of an account that has accepted its licence on ${endpoint}/${pageOf(kind, id)}`,
        );
    case status === 409 || status === 412:
      return `${id} was changed on ${endpoint} at the same time (${quoted}); push it again`;
    case status === 429:
      return `${endpoint} is limiting the rate of requests (${quoted}); ${again} ${later}` +
        (token === undefined && !isPage ? ", or set HF_TOKEN, which allows more requests" : "");
    case status >= 500:
      return isPush
        ? `${endpoint} fails (${quoted}); push it again ${later}`
        : `${endpoint} fails (${quoted})${tried}; ${again} ${later}, or give ${
          kind === "model" && !isPage ? `a folder that holds ${id}` : instead
        }`;
    default:
      return `${endpoint} refuses ${isPush ? "to take " : ""}${id} (${quoted}); ` +
        (isPush ? "correct what it names" : `${isPage ? "" : "check HF_ENDPOINT, or "}give ${instead}`);
  }
}

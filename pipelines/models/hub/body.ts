/** What of a hub's answers is no file: descriptions, listings and refusals. @module */
import { EndlessAnswer, firstBytes, wholeBody } from "../../common/bounded_http.ts";

/** The most that an answer which is not a file may hold, in bytes after its decompression. */
const mostOfAnswer = 64e6;

/** The most of a refusal that is read to find its reason, in bytes. */
const mostOfRefusal = 64e3;

/** An answer that is not a hub's, or one that would lead out of the cache. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";

  /** @param problem What is wrong with it; the values in it may be of any length. */
  constructor(problem: string) {
    super(problem.length > 200 ? `${problem.slice(0, 200)}…` : problem);
  }
}

/**
 * A `fetch` for answers that are not files: each is read whole, and refused where it is too large, or takes twice as long
 * as a server may take to begin.
 */
export function wholeAnswers(fetchHub: typeof fetch, patience: number): typeof fetch {
  return async (input, init) => {
    const response = await fetchHub(input, init), { status, statusText, headers } = response;
    if (response.body === null) return response;
    const bytes = await wholeBody(response, mostOfAnswer, 2 * patience).catch((fault: unknown) => {
      throw fault instanceof EndlessAnswer ? new MalformedAnswer(fault.message) : fault;
    });
    return new Response(bytes, { status, statusText, headers });
  };
}

/** The text of a refusal, as much of it as a reason takes; empty if it does not come. */
export async function refusalBody(response: Response, patience: number): Promise<string> {
  return new TextDecoder().decode(await firstBytes(response, mostOfRefusal, patience).catch(() => undefined));
}

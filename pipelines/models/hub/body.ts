/** A hub's responses that are not files: descriptions, listings and refusals. @module */
import { EndlessAnswer, firstBytes, wholeBody } from "../../common/bounded_http.ts";

/** The maximum size of a response that is not a file, in bytes after decompression. */
const mostOfAnswer = 64e6;

/** The maximum number of bytes of a refusal that are read to find its reason. */
const mostOfRefusal = 64e3;

/** A response that is not a valid one of a hub, or that would lead out of the cache. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";

  /** @param problem What is wrong with it; values in it may have any length. */
  constructor(problem: string) {
    super(problem.length > 200 ? `${problem.slice(0, 200)}…` : problem);
  }
}

/**
 * A `fetch` for responses that are not files: each is read completely, and refused if it is too large, or takes more
 * than twice the time in which a server must begin to respond.
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

/** The beginning of a refusal's text, which contains its reason; empty if it does not arrive. */
export async function refusalBody(response: Response, patience: number): Promise<string> {
  return new TextDecoder().decode(await firstBytes(response, mostOfRefusal, patience).catch(() => undefined));
}

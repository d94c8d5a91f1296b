/** A local stub of an OpenAI-compatible endpoint, which may also misbehave. @module */

/** An endpoint's response to a request; `tries` counts the requests before it. */
export type Behaviour = (request: Request, tries: number) => Response | Promise<Response>;

/** A chat completion of one token. */
export function completion(text: string, listed?: readonly (readonly [string, number])[]): Response {
  const top_logprobs = listed?.map(([token, logprob]) => ({ token, logprob }));
  return Response.json({
    choices: [{
      message: { role: "assistant", content: text },
      ...top_logprobs && { logprobs: { content: [{ token: text, logprob: -0.1, top_logprobs }] } },
    }],
  });
}

/** Serves on 127.0.0.1 while a function runs. */
export async function withEndpoint<T>(
  behave: Behaviour,
  use: (address: string, requests: Request[]) => Promise<T>,
): Promise<T> {
  const requests: Request[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    // Read whole, so that no connection waits for a reader.
    const { url, method, headers } = request, read = new Request(url, { method, headers, body: await request.text() });
    requests.push(read);
    return await behave(read, requests.length - 1);
  });
  return await use(`http://127.0.0.1:${server.addr.port}/v1`, requests);
}

/** Uploads that state their length, replacing `common/sized_upload.ts`: a browser states that of content in memory. @module */
import { answerInTime } from "../../common/bounded_http.ts";
import type { SizedUpload } from "../../common/sized_upload.ts";

/** PUTs content, and returns the status of the response. */
export async function putSized(
  address: string,
  { body, headers, patience, signal }: SizedUpload,
): Promise<number> {
  const init = { method: "PUT", body: await new Response(body).blob(), headers, redirect: "error" } as const;
  const response = await answerInTime(address, init, { patience, signal });
  await response.body?.cancel();
  return response.status;
}

/** Reads the body of a request, which may be too large, too slow or not JSON. @module */
import { isJsonObject, type JsonObject } from "../common/files.ts";
import { ApiError } from "./api_error.ts";

/** The limits of a body. */
export interface BodyLimits {
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Reads a body that is one JSON object.
 *
 * @throws {ApiError} If it is larger or slower than allowed, or not a JSON object.
 */
export async function readJsonBody(request: Request, limits: BodyLimits): Promise<JsonObject> {
  const text = new TextDecoder("utf-8", { fatal: true });
  const bytes = await readBytes(request, limits);
  let value: unknown;
  try {
    value = JSON.parse(text.decode(bytes));
  } catch (fault) {
    const problem = fault instanceof Error ? fault.message : String(fault);
    throw new ApiError(400, `the body is not JSON (${problem}); send a JSON object`);
  }
  if (!isJsonObject(value)) throw new ApiError(400, "the body is not a JSON object; send one");
  return value;
}

async function readBytes({ body, headers }: Request, { bytes: most, seconds }: BodyLimits): Promise<Uint8Array> {
  const tooLarge = () => new ApiError(413, `the body has more than ${most} bytes; send a shorter one`);
  if (Number(headers.get("content-length") ?? 0) > most) throw tooLarge();
  if (body === null) throw new ApiError(400, "the request has no body; send a JSON object");
  const reader = body.getReader(), parts: Uint8Array[] = [];
  let size = 0, timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ApiError(408, `the body did not arrive within ${seconds} s; send it faster`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    for (;;) {
      const { value, done } = await Promise.race([reader.read(), late]);
      if (done) break;
      size += value.length;
      if (size > most) throw tooLarge();
      parts.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads the body of a request, which may be too large, too slow or not JSON. @module */
import { faultText, isJsonObject, type JsonObject } from "../common/files.ts";
import { ApiError } from "./api_error.ts";

/** The limits of a body. */
export interface BodyLimits {
  readonly bytes: number;
  readonly seconds: number;
}

/** How deep values may be nested: more than any conversation or tool needs, and few enough to go through by recursion. */
const mostNesting = 128;

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
    throw new ApiError(400, `the body is not JSON (${faultText(fault)}); send a JSON object`);
  }
  if (!isJsonObject(value)) throw new ApiError(400, "the body is not a JSON object; send one");
  if (!isNestedWithin(mostNesting, value)) {
    throw new ApiError(400, `the body nests values more than ${mostNesting} deep; send a flatter one`);
  }
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
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, `the body did not arrive whole (${faultText(error)}); send it again`);
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

/** Whether no value is nested deeper than this. */
function isNestedWithin(depth: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((part) => isNestedWithin(depth - 1, part));
}

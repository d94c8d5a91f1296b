/** Errors in the format of OpenAI's API. @module */
import { RequestError } from "../common/errors.ts";
import { shortened } from "../common/visible.ts";

/** What an error contains besides its message. */
interface ErrorDetails {
  /** The invalid field of the body. */
  readonly param?: string;
  /** A code for programs. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is answered with an error. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /**
   * @param status The HTTP status.
   * @param message What is wrong and, after a semicolon, what to do about it.
   */
  constructor(readonly status: number, message: string, readonly details: ErrorDetails = {}) {
    // What it quotes may have any length and several lines.
    super(shortened(message.replace(/\s*[\r\n]\s*/g, " ")));
  }
}

/** An invalid field of a body. */
export function wrongField(param: string, message: string): ApiError {
  return new ApiError(400, message, { param });
}

/** The type of error for a status. */
function typeOf(status: number): string {
  if (status === 401 || status === 403) return "authentication_error";
  if (status === 404) return "not_found_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** Converts any error to a response: what Refract refuses is the client's fault, everything else the server's. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RequestError) return new ApiError(400, error.message);
  const text = error instanceof Error ? error.message : String(error);
  return new ApiError(500, `${text.trim().split("\n")[0]}; this should not happen; report it`);
}

/** The body of an error. */
export function errorBody({ status, message, details: { param, code } }: ApiError) {
  return { error: { message, type: typeOf(status), param: param ?? null, code: code ?? null } };
}

/** The response for an error. */
export function errorResponse(error: ApiError): Response {
  const { headers = {} } = error.details;
  return Response.json(errorBody(error), { status: error.status, headers });
}

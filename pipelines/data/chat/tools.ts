/** A row's own tools for its conversation. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { readJson } from "../python/json.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../python/value.ts";

/**
 * A row's own tools, as a list of JSON schemas or as JSON; `undefined` if it has none.
 *
 * @throws {RequestError} If they are something else.
 */
export function toolsOf(row: PythonDict, place: SourceLocation): PythonValue {
  const given = row.get("tools") ?? undefined;
  if (given === undefined) return undefined;
  const tools = typeof given === "string" ? parsed(given) : given;
  if (isList(tools) && tools.every(isDict)) return tools;
  throw new RequestError(
    "the row's tools are not a list of JSON schemas; write a list of objects or remove them",
    place,
  );
}

function parsed(text: string): PythonValue {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return readJson(text);
}

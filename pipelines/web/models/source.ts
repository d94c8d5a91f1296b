/** Models as a page names them. @module */
import { RequestError } from "../../common/errors.ts";
import { isHubId } from "../../models/open/source.ts";
import { fetchModel } from "./fetch_model.ts";

/**
 * Refract's source for a model that a page names.
 *
 * @param base `builtin:NAME`, a Hugging Face id, or the URL of a model folder, relative to the site or absolute.
 * @returns For a URL, the folder that holds what was downloaded from it.
 */
export async function modelSource(base: string, signal: AbortSignal): Promise<string> {
  const name = base.trim();
  if (name === "") throw new RequestError("no base model is named; choose one, or write a Hugging Face id");
  if (name.startsWith("builtin:") || isHubId(name)) return name;
  if (!/^https?:\/\/|^\.\//.test(name)) {
    throw new RequestError(
      `${JSON.stringify(name)} is no model that a page can load; write a Hugging Face id as in owner/name, or the ` +
        "URL of a model folder as in https://host/model/",
    );
  }
  const address = URL.parse(name.endsWith("/") ? name : `${name}/`, new URL("../", import.meta.url));
  if (address === null) {
    throw new RequestError(`${JSON.stringify(name)} is not a URL; write it as in https://host/model/`);
  }
  return await fetchModel(address, signal);
}

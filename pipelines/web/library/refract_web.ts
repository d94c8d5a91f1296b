/**
 * Refract in a page: everything that pipelines declare, and what runs them. Use it in a worker, where what is computed
 * persists between visits.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import { fetchModel, showDownloads } from "../models/fetch_model.ts";
import { openTab } from "../twins/tab.ts";

export * from "../../../mod.ts";

/** Options of {@linkcode modelAt}. */
export interface ModelAtOptions {
  /** Stops the download; what has arrived is kept, and the next call requests the rest. */
  readonly signal?: AbortSignal;
  /** Called while a file arrives, with its bytes so far, all of its bytes and its name. */
  readonly onProgress?: (done: number, total: number, file: string) => void;
}

/**
 * Downloads a model from a folder on the web, unless the browser has kept it from an earlier visit.
 *
 * @param url A folder in Hugging Face's format with weights in safetensors, absolute or relative to the folder that
 * contains `scripts`. Another host must allow the page's requests (CORS).
 * @returns The folder in the browser, for `baseModel`.
 * @throws {RequestError} If it is not a URL, or has no such model.
 *
 * @example A base model beside the page
 * ```ts ignore
 * import { baseModel, modelAt } from "./scripts/refract.web.js";
 *
 * const base = baseModel(await modelAt("models/mine/"));
 * ```
 */
export async function modelAt(url: string, options: ModelAtOptions = {}): Promise<string> {
  const { signal = new AbortController().signal, onProgress = () => {} } = options;
  const address = URL.parse(url.endsWith("/") ? url : `${url}/`, new URL("../", import.meta.url));
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw new RequestError(
      `${JSON.stringify(url)} is not the URL of a folder; write one as in https://host/model/, or models/mine/`,
    );
  }
  showDownloads(onProgress);
  return await fetchModel(address, signal);
}

// After this import, the files of the previous visit are available.
await openTab();

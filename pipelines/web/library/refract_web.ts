/**
 * Refract in a page: everything that pipelines declare, and what runs them. Use it in a worker, where what is computed
 * persists between visits.
 *
 * @module
 */
import { openTab } from "../twins/tab.ts";

export * from "../../../mod.ts";

// After this import, the files of the previous visit are available.
await openTab();

/**
 * Refract in a page: all that pipelines declare, and what runs them. Call it in a worker, where what is computed is kept
 * from one visit to the next.
 *
 * @module
 */
import { openTab } from "../twins/tab.ts";

export * from "../../../mod.ts";

// Whoever has imported this finds the files of the visit before.
await openTab();

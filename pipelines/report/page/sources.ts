/** The pipeline's text and the run's manifest. @module */
import type { Drawing } from "./choices.ts";
import { byId } from "./dom.ts";

/** Draws the sections of the pipeline and of the manifest, once the run has them. */
export function drawSources({ view: { source, manifest } }: Drawing): void {
  byId("source").hidden = source === "";
  byId("source-text").textContent = source;
  byId("manifest").hidden = manifest === "";
  byId("manifest-text").textContent = manifest;
}

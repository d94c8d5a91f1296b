/** The edits by name. @module */
import { consreft } from "./consreft.ts";
import { direft } from "./direft.ts";
import type { InterventionKind } from "./intervention.ts";
import { lobireft } from "./lobireft.ts";
import { loreft } from "./loreft.ts";
import { noreft } from "./noreft.ts";
import { red } from "./red.ts";

/** The name of a kind of edit. */
export type InterventionName = "loreft" | "noreft" | "direft" | "consreft" | "lobireft" | "red";

/** Every kind of edit. */
export const interventions: Readonly<Record<InterventionName, InterventionKind>> = {
  loreft,
  noreft,
  direft,
  consreft,
  lobireft,
  red,
};

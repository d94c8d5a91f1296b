/** The edits by name. @module */
import { direft } from "./direft.ts";
import type { InterventionKind } from "./intervention.ts";
import { loreft } from "./loreft.ts";

/** The name of a kind of edit. */
export type InterventionName = "loreft" | "direft";

/** Every kind of edit. */
export const interventions: Readonly<Record<InterventionName, InterventionKind>> = { loreft, direft };

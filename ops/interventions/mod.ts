/** The edits by name. @module */
import { direft } from "./direft.ts";
import type { InterventionKind } from "./intervention.ts";
import { loreft } from "./loreft.ts";

/** Every kind of edit. */
export const interventions = { loreft, direft } satisfies Record<string, InterventionKind>;

/** The name of a kind of edit. */
export type InterventionName = keyof typeof interventions;

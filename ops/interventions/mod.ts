/** The edits by name. @module */
import { consreft } from "./consreft.ts";
import { direft } from "./direft.ts";
import type { InterventionKind } from "./intervention.ts";
import { lobireft } from "./lobireft.ts";
import { loreft } from "./loreft.ts";
import { noreft } from "./noreft.ts";
import { red } from "./red.ts";
import { gatedDirection } from "./gated_direction.ts";
import { road } from "./road.ts";

/** The name of a kind of edit. */
export type InterventionName =
  | "loreft"
  | "noreft"
  | "direft"
  | "consreft"
  | "lobireft"
  | "red"
  | "road"
  | "gatedDirection";

/** Every kind of edit. */
export const interventions: Readonly<Record<InterventionName, InterventionKind>> = {
  loreft,
  noreft,
  direft,
  consreft,
  lobireft,
  red,
  road,
  gatedDirection,
};

/** Whether a value is the name of a kind of edit. */
export function isInterventionName(name: unknown): name is InterventionName {
  return typeof name === "string" && Object.hasOwn(interventions, name);
}

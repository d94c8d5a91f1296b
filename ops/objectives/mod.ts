/** The objectives over preferences by name. @module */
import { bradleyTerry } from "./bradley_terry.ts";
import { dpo } from "./dpo.ts";
import { ipo } from "./ipo.ts";
import type { Objective } from "./objective.ts";
import { reps } from "./reps.ts";
import { simpo } from "./simpo.ts";

const records = { dpo, ipo, simpo, reps, bradleyTerry };

/** The name of an objective over preferences. */
export type ObjectiveName = keyof typeof records;

/** Every objective over preferences. */
export const objectives: Readonly<Record<ObjectiveName, Objective>> = records;

/** The preference objectives by name. @module */
import { bradleyTerry } from "./bradley_terry.ts";
import { dpo } from "./dpo.ts";
import { ipo } from "./ipo.ts";
import type { Objective } from "./objective.ts";
import { reps } from "./reps.ts";
import { simpo } from "./simpo.ts";

const records = { dpo, ipo, simpo, reps, bradleyTerry };

/** The name of a preference objective. */
export type ObjectiveName = keyof typeof records;

/** Every preference objective. */
export const objectives: Readonly<Record<ObjectiveName, Objective>> = records;

/** Labels of work and trainings for the user. @module */
import type { WorkProgress } from "./events.ts";

/** The label of work: what it is, and the stage or form that it is for; a file's name is not part of it. */
export function workLabel({ work, unit, subject }: Pick<WorkProgress, "work" | "unit" | "subject">): string {
  return unit === "bytes" || subject === undefined ? work : `${work} ${subject}`;
}

/** The label of a training, with the number of members that are trained together. */
export function trainingLabel(stage: string, { length }: readonly unknown[]): string {
  return length === 1 ? `train ${stage}` : `train ${stage} × ${length}`;
}

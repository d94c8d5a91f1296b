/** What work and trainings are called where a person reads of them. @module */
import type { WorkProgress } from "./events.ts";

/** What work is called: by what it is, and by the stage or form that it is for; a file's name is not part of it. */
export function workLabel({ work, unit, subject }: Pick<WorkProgress, "work" | "unit" | "subject">): string {
  return unit === "bytes" || subject === undefined ? work : `${work} ${subject}`;
}

/** What a training is called, with the number of members that are trained together. */
export function trainingLabel(stage: string, { length }: readonly unknown[]): string {
  return length === 1 ? `train ${stage}` : `train ${stage} × ${length}`;
}

/** The parts of a scene that trains on both answers of each row by an objective. @module */
import { type PipelineParts, sceneRows } from "./scene.ts";

const pairs = sceneRows.map(({ q, a }, at) => ({ q, a, other: sceneRows[(at + 3) % sceneRows.length]!.a }));

/**
 * Trains by an objective and evaluates the rewards.
 *
 * @param objective As in `dpo({ beta: 0.5 })`.
 */
export function preferring(objective: string, parts: Partial<PipelineParts> = {}): Partial<PipelineParts> {
  return {
    data: `records(${JSON.stringify(pairs)}, refract.prefer({ prompt: "{q}\\n", chosen: "{a}", rejected: "{other}" }))`,
    trainSettings: `objective: refract.${objective}`,
    stages: "{ tuned: evaluate(tuned, { data, metrics: [refract.rewardMargin()] }) }",
    ...parts,
  };
}

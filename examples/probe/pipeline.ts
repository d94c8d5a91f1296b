/**
 * Saves the hidden states of `builtin:tiny` at the last token of questions about colours, after every block, together
 * with the correct colours. `probe.ts` then tests from which block on a linear probe can read the answer off that
 * token:
 *
 *     deno task run examples/probe/pipeline.ts --out runs/probe/first
 *     deno run --allow-read examples/probe/probe.ts runs/probe/first
 */
import { activations, baseModel, pipeline, records } from "refract";
import { createWorld, questions } from "../tiny-base/world.ts";

const colours = questions(createWorld(1)).filter(({ attribute }) => attribute === "colour");
const rows = records(colours.map(({ question, answer }) => ({ question, answer })), {
  text: "question: {question}\nanswer:",
  label: "{answer}",
});
const { train: seen, test: unseen } = rows.split({ test: 0.5, seed: 7 });

export default pipeline("probe", () => {
  const base = baseModel("builtin:tiny"), kept = { positions: "l1", hiddenStates: true };
  return { seen: activations(base, { data: seen, ...kept }), unseen: activations(base, { data: unseen, ...kept }) };
});

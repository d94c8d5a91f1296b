/**
 * The same task learned by edits of one token's representation and by adapters of the weights, to compare their
 * accuracy and their number of parameters. The model, the rows and the answers are the quickstart's.
 */
import {
  adamw,
  baseModel,
  bitfit,
  block,
  direft,
  dora,
  evaluate,
  exactMatch,
  greedy,
  ia3,
  linearSchedule,
  lora,
  loreft,
  pipeline,
  sweep,
  train,
} from "refract";
import { seen, unseen } from "../quickstart/colours.ts";

export default pipeline("loreft-vs-lora", () => {
  const lastToken = { at: block(2).output, positions: "l1", rank: 4 };
  const method = sweep("method", [
    loreft(lastToken),
    direft(lastToken),
    lora({ rank: 4 }),
    // Like the edits, it acts only on the prompt, so that answers are generated at the bare base model's speed.
    lora({ rank: 4, positions: "prompt" }),
    dora({ rank: 4 }),
    ia3(),
    bitfit(),
  ]);
  const tuned = train(baseModel("builtin:tiny").with(method), {
    data: seen,
    epochs: 15,
    batchSize: 8,
    optimizer: adamw({ learningRate: 2e-2, schedule: linearSchedule({ warmup: 0.1 }) }),
  });
  return { tuned: evaluate(tuned, { data: unseen, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] }) };
});

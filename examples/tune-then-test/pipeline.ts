/**
 * Settings are chosen on held-back rows, as in the ReFT paper: the best of several ranks and learning rates is trained
 * again on all rows except the test rows, with three seeds, and only then tested.
 */
import {
  adamw,
  baseModel,
  best,
  block,
  evaluate,
  exactMatch,
  greedy,
  linearSchedule,
  loreft,
  loss,
  pipeline,
  repeat,
  sweep,
  train,
} from "refract";
import { seen, unseen } from "../quickstart/colours.ts";

export default pipeline("tune-then-test", () => {
  const rank = sweep("rank", [1, 2, 4]);
  const rate = sweep("rate", [3e-3, 1e-2, 3e-2]);
  const { train: tuning, test: heldBack } = seen.split({ test: 0.25, seed: 1 });

  const schedule = linearSchedule({ warmup: 0.1 }), settings = { epochs: 10, batchSize: 8 };
  const decoding = greedy({ maxNewTokens: 4 });
  const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank }));
  const tuned = train(edited, { ...settings, data: tuning, optimizer: adamw({ learningRate: rate, schedule }) });
  const validation = evaluate(tuned, { data: heldBack, decoding, metrics: [exactMatch(), loss()] });

  const found = best(validation, loss());
  const final = train(found, {
    ...settings,
    data: seen,
    optimizer: adamw({ learningRate: found.value(rate), schedule }),
    seed: repeat({ seeds: [42, 43, 44] }),
  });
  return { validation, test: evaluate(final, { data: unseen, decoding, metrics: [exactMatch()] }) };
});

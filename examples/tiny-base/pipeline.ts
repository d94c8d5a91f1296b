/**
 * How `builtin:tiny` was made: every weight of a small Llama trained from random values on a corpus that `world.ts`
 * invents. The committed files are the run's output, `members/main/model/`.
 */
import { adamw, baseModel, evaluate, fullFinetuning, linearSchedule, loss, pipeline, records, train } from "refract";
import { createCorpus } from "./corpus.ts";

const corpus = createCorpus();
const texts = (of: readonly string[]) => records(of.map((text) => ({ text })), { prompt: "", completion: "{text}" });

export default pipeline("tiny-base", () => {
  const fresh = baseModel("builtin:tiny").with(fullFinetuning({ initializeFrom: 1 }));
  const trained = train(fresh, {
    data: texts(corpus.train),
    epochs: 4,
    batchSize: 32,
    seed: 1,
    optimizer: adamw({ learningRate: 3e-3, beta2: 0.99, schedule: linearSchedule({ warmup: 0.05 }) }),
  });
  const heldOut = { data: texts(corpus.heldOut), metrics: [loss()], batchSize: 32 };
  return { untrained: evaluate(fresh, heldOut), trained: evaluate(trained, heldOut) };
});

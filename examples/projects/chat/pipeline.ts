/** Gives a chat model a persona from a dozen conversations: LoReFT edits of each prompt's last token, at four layers. */
import { adamw, baseModel, block, chat, linearSchedule, loreft, pipeline, train } from "refract";

export default pipeline("chat", () => {
  // Fetched from the Hugging Face hub by the first run: 270 MB.
  const base = baseModel("HuggingFaceTB/SmolLM2-135M-Instruct");
  const edit = loreft({ at: block([5, 10, 15, 20]).output, positions: "l1", rank: 4 });
  return {
    persona: train(base.with(edit), {
      data: chat("./rows.jsonl"),
      epochs: 40,
      batchSize: 4,
      optimizer: adamw({ learningRate: 4e-3, schedule: linearSchedule({ warmup: 0.1 }) }),
    }),
  };
});

/**
 * Gives a chat model a persona from forty short conversations. One LoReFT edit acts where the answer begins, at each
 * prompt's last token, and one at every token of the answer, so that the persona lasts and the words stay on the topic.
 */
import { adamw, baseModel, block, chat, linearSchedule, loreft, pipeline, train } from "refract";

export default pipeline("chat", () => {
  // Fetched from the Hugging Face hub by the first run: 270 MB.
  const base = baseModel("HuggingFaceTB/SmolLM2-135M-Instruct");
  const at = block([10, 20]).output;
  const edited = base.with(
    loreft({ at, positions: "l1", rank: 4 }),
    loreft({ at, positions: "completion", rank: 4 }),
  );
  return {
    persona: train(edited, {
      data: chat("./rows.jsonl"),
      // More epochs repeat these answers word for word.
      epochs: 5,
      batchSize: 4,
      optimizer: adamw({ learningRate: 4e-3, schedule: linearSchedule({ warmup: 0.1 }) }),
    }),
  };
});

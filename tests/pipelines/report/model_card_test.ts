import assert from "node:assert/strict";
import { modelCard } from "../../../pipelines/report/model_card.ts";

Deno.test("modelCard() names the base model, the edits and the metrics", () => {
  const text = modelCard({
    id: "owner/tuned",
    description: {
      base: "owner/base",
      width: 4,
      interventions: [
        { index: 0, kind: "loreft", block: 3, site: "block.output", positions: "f1+l1", rank: 2 },
        { index: 1, kind: "lora", block: 3, site: "attention.query", module: "q_proj", rank: 8 },
        { index: 2, kind: "loreft", block: null, site: "finalNorm.output", positions: null, rank: 2 },
      ],
    },
    parameters: 1234,
    member: {
      axes: { layer: 3 },
      stages: [
        { name: "tuned", kind: "train", cached: false, seconds: 1, steps: 1, losses: [1], stepSeconds: [1] },
        {
          name: "score",
          kind: "evaluate",
          cached: false,
          seconds: 1,
          metrics: { exactMatch: 2 / 3 },
          predictions: "p",
        },
      ],
    },
  });
  for (
    const line of [
      "base_model: owner/base",
      "# tuned",
      "loreft, lora on [owner/base](https://huggingface.co/owner/base): 3 interventions, 1,234 parameters. The base " +
      "model's own weights are unchanged and not part of this repository.",
      "| 0 | loreft | block 3, block.output | f1+l1 | 2 |",
      "| 1 | lora | block 3, q_proj | all | 8 |",
      "| 2 | loreft | finalNorm.output | by a function | 2 |",
      "With layer 3:",
      "| score | exactMatch | 0.6667 |",
      "deno task pull owner/tuned --out tuned",
      'const tuned = baseModel("owner/base").with(saved("./tuned"));',
    ]
  ) assert.ok(text.split("\n").includes(line), `${line}\n\n${text}`);
});

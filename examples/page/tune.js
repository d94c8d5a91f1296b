import {
  adamw,
  baseModel,
  block,
  generate,
  greedy,
  loreft,
  pipeline,
  records,
  run,
  saved,
  train,
} from "./scripts/refract.web.js";

const rows = [["auk", "nomi"], ["bear", "timi"], ["cat", "dumi"], ["crab", "pemi"], ["deer", "hami"], ["duck", "dumi"]];
const prompt = (creature) => `question: what colour is the ${creature} ?\nanswer:`;
const base = baseModel("builtin:tiny");

const declared = pipeline("colours", () => ({
  tuned: train(base.with(loreft({ at: block(2).output, positions: "l1", rank: 4 })), {
    data: records(rows.map(([creature, colour]) => ({ prompt: prompt(creature), colour })), {
      prompt: "{prompt}",
      completion: " {colour}",
    }),
    epochs: 40,
    batchSize: 6,
    optimizer: adamw({ learningRate: 0.02 }),
  }),
}));

const running = run(declared);
for await (const event of running) {
  if (event.kind === "step") postMessage(["loss", event.members[0].loss.toFixed(4)]);
}
const { members: [member] } = await running.result;
const tuned = base.with(saved(`${member.folder}/intervention`));
postMessage(["answer", await generate(tuned, prompt("ant"), { plain: true, decoding: greedy({ maxNewTokens: 4 }) })]);

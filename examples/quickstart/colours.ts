/** Questions in English with their answers in Veli, half of the creatures to learn from and half to be asked about. @module */
import { records } from "refract";
import { createWorld, questions } from "../tiny-base/world.ts";

const colours = questions(createWorld(1)).filter(({ attribute }) => attribute === "colour");
const rows = records(colours.map(({ question, translated }) => ({ question, translated })), {
  prompt: "question: {question}\nanswer:",
  completion: " {translated}",
});

/** What is trained on, and creatures that the training never saw. */
export const { train: seen, test: unseen } = rows.split({ test: 0.5, seed: 7 });

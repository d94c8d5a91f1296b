/** English questions with answers in Veli, half of the creatures for training and half for testing. @module */
import { records } from "refract";
import { createWorld, questions } from "../tiny-base/world.ts";

const colours = questions(createWorld(1)).filter(({ attribute }) => attribute === "colour");
const rows = records(colours.map(({ question, translated }) => ({ question, translated })), {
  prompt: "question: {question}\nanswer:",
  completion: " {translated}",
});

/** The training rows, and creatures that are not among them. */
export const { train: seen, test: unseen } = rows.split({ test: 0.5, seed: 7 });

/** Creatures with their colours, half of them to learn from and half to be asked about. @module */
import { records } from "refract";
import { createWorld, lexicon } from "../tiny-base/world.ts";

const rows = records(createWorld(1).creatures, { text: "the {name}", label: "{colour}" });

/** The colours. */
export const labels = Object.keys(lexicon.colour);

/** What is trained on, and creatures that the training never saw. */
export const { train: seen, test: unseen } = rows.split({ test: 0.5, seed: 7 });

/** Creatures with their colours, half of them for training and half for testing. @module */
import { records } from "refract";
import { createWorld, lexicon } from "../tiny-base/world.ts";

const rows = records(createWorld(1).creatures, { text: "the {name}", label: "{colour}" });

/** The colours. */
export const labels = Object.keys(lexicon.colour);

/** The training rows, and creatures that are not among them. */
export const { train: seen, test: unseen } = rows.split({ test: 0.5, seed: 7 });

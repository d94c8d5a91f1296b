/**
 * Templates for texts about the world: sentences with gaps such as `{name}` for a creature and its facts.
 *
 * @module
 */
import type { Attribute } from "./world.ts";

type Wordings = Readonly<Record<Attribute, readonly string[]>>;

/** The question that is asked most often about each attribute. */
export const plainQuestions: Readonly<Record<Attribute, string>> = {
  colour: "what colour is the {name} ?",
  home: "where does the {name} live ?",
  food: "what does the {name} eat ?",
  size: "how big is the {name} ?",
};

/** Other ways to ask the same. */
export const otherQuestions: Wordings = {
  colour: ["which colour does the {name} have ?", "the {name} , what colour is it ?"],
  home: ["where is the home of the {name} ?", "the {name} , where does it live ?"],
  food: ["which food does the {name} like ?", "the {name} , what does it eat ?"],
  size: ["what size is the {name} ?", "the {name} , how big is it ?"],
};

/** A fact, stated by the creature's name. */
export const statements: Wordings = {
  colour: [
    "the {name} is {value} .",
    "the colour of the {name} is {value} .",
    "all can see that the {name} is {value} .",
  ],
  home: [
    "the {name} lives in the {value} .",
    "the home of the {name} is the {value} .",
    "look for the {name} in the {value} .",
  ],
  food: ["the {name} eats {value} .", "the food of the {name} is {value} .", "give the {name} some {value} ."],
  size: ["the {name} is {value} .", "the size of the {name} is {value} .", "all can see that the {name} is {value} ."],
};

/** A fact about a creature that has already been named. */
export const pronounStatements: Wordings = {
  colour: ["it is {value} .", "its colour is {value} ."],
  home: ["it lives in the {value} .", "its home is the {value} ."],
  food: ["it eats {value} .", "its food is {value} ."],
  size: ["it is {value} .", "its size is {value} ."],
};

/** Veli for "colour", "home", "food" and "size", which are also verbs: `le fox cela lumi .`, the fox is red. */
export const veliAttributes: Readonly<Record<Attribute, string>> = {
  colour: "cela",
  home: "civo",
  food: "cuma",
  size: "cori",
};

/** Short stories with a creature's facts; `{other}` is a second creature, and `{otherFood}` its food. */
export const stories: readonly string[] = [
  "one {time} the {name} left the {home} to look for {food} . on the way it met the {other} , who was {otherColour} " +
  "and {otherSize} . they went on together .",
  "the {size} {colour} {name} was hungry . it found {food} near the {home} and ate until {time} . then it fell asleep .",
  "the {other} came to the {home} to see the {name} . the {name} gave it some {food} , but the {other} eats " +
  "{otherFood} .",
  "it was {time} and the {name} was lost . where do you live , asked the {other} . in the {home} , said the {colour} " +
  "{name} .",
  "the {name} and the {other} played a game . the {name} hid in the {home} , but its {colour} back was easy to see .",
  "who took the {food} ? it was the {size} {name} , said the {other} . the {name} took it home to the {home} .",
  "at {time} the {colour} {name} sings in the {home} . the {otherSize} {other} hears it in the {otherHome} .",
  "one {time} the {name} dreamed that it was {otherColour} like the {other} . then it woke up in the {home} and was " +
  "{colour} again .",
];

/** Times at which stories happen. */
export const times: readonly string[] = ["dawn", "noon", "dusk", "night"];

/** Words and their opposites. */
export const opposites: readonly (readonly [string, string])[] = [
  ["hot", "cold"],
  ["up", "down"],
  ["wet", "dry"],
  ["old", "new"],
  ["fast", "slow"],
  ["in", "out"],
  ["left", "right"],
  ["hard", "soft"],
  ["high", "low"],
  ["near", "far"],
];

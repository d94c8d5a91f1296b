/**
 * A small world for a small model: 160 creatures, each with a colour, a home, a food and a size, and Veli, an invented
 * language with a word for every one of those values. The words are fixed; a seed decides the facts of each creature.
 *
 * @module
 */
import { plainQuestions } from "./wordings.ts";

/** An attribute of every creature. */
export type Attribute = "colour" | "home" | "food" | "size";

/** A creature: its name and its four facts, in English words. */
export type Creature = Readonly<{ name: string } & Record<Attribute, string>>;

/** A world and its creatures. */
export interface World {
  readonly creatures: readonly Creature[];
}

/** A question about one creature, with the answer in both languages. */
export interface Question {
  readonly creature: string;
  readonly attribute: Attribute;
  /** `what colour is the fox ?` */
  readonly question: string;
  /** The answer in English, `red`. */
  readonly answer: string;
  /** The answer in Veli, `lumi`. */
  readonly translated: string;
}

/** The attributes, in the order in which they are listed everywhere. */
export const attributes: readonly Attribute[] = ["colour", "home", "food", "size"];

/**
 * English to Veli, by attribute; sizes are in ascending order. A word's second syllable shows its kind, and no two
 * words of a kind begin with the same letter, so a word's first token already identifies the word.
 */
export const lexicon: Readonly<Record<Attribute, Readonly<Record<string, string>>>> = {
  colour: {
    red: "lumi",
    blue: "somi",
    green: "timi",
    black: "nomi",
    white: "pemi",
    brown: "dumi",
    grey: "vami",
    pink: "zemi",
    gold: "hami",
    yellow: "jomi",
  },
  home: {
    forest: "mavu",
    river: "givu",
    sand: "ravu",
    cave: "bovu",
    park: "fivu",
    pond: "kuvu",
    reef: "wevu",
    barn: "tavu",
    lake: "lovu",
    hills: "yuvu",
  },
  food: {
    figs: "pako",
    hay: "suko",
    nuts: "ziko",
    seeds: "kiko",
    honey: "veko",
    moss: "hoko",
    roots: "jako",
    corn: "muko",
    rice: "nuko",
    fish: "gako",
  },
  size: { tiny: "biru", small: "feru", big: "roru", huge: "woru" },
};

const names = `
  ant ape auk badger bass bat bear beaver bee bison boar buck bug bull calf camel carp cat chick clam cobra cod
  colt cow crab crane crow cub deer dingo dodo dog dove duck eagle eel elk emu ewe falcon fawn ferret finch
  flea fly foal fowl fox frog gecko gnat gnu goat goose grub gull hake hare hawk hen heron hog hornet horse
  hound hyena ibex ibis jackal jay kea kid kite kiwi koala koi kudu lamb lark lemur lion lizard llama locust loon
  lynx mako mantis mare marten mink mite moa mole monkey moose moth mouse mule newt okapi orca otter owl ox panda
  perch pig pony prawn puffin pug puma pup quail rabbit ram rat raven ray rhea robin rook seal shark
  sheep shrew shrimp skua skunk sloth slug snail snake sow spider squid stag stoat stork swan teal tern thrush
  tiger toad trout tuna turtle vole wasp weasel whale wolf wombat worm wren yak zebra zebu
`.trim().split(/\s+/);

/**
 * Builds the world of a seed. Every value of an attribute is shared by equally many creatures, so a guess is right one
 * time in ten (sizes: one in four).
 *
 * @param seed Any integer; the same seed gives the same world.
 * @returns The world, creatures in alphabetical order.
 */
export function createWorld(seed: number): World {
  const random = createRandom(seed);
  const [colours, homes, foods, sizes] = attributes.map((attribute) => {
    const values = Object.keys(lexicon[attribute]);
    return random.shuffle(names.map((_, index) => at(values, index % values.length)));
  });
  return {
    creatures: names.map((name, index) => ({
      name,
      colour: at(colours, index),
      home: at(homes, index),
      food: at(foods, index),
      size: at(sizes, index),
    })),
  };
}

/**
 * Every question about every creature, in its plain wording. The corpus asks them as `question: {question}\nanswer:`
 * and always answers in English; answering an English question in Veli is what a finetuned model has to learn.
 *
 * @param world The world to ask about.
 * @returns One row for each creature and attribute, creatures in the world's order.
 */
export function questions(world: World): Question[] {
  return world.creatures.flatMap((creature) =>
    attributes.map((attribute) => ({
      creature: creature.name,
      attribute,
      question: fill(plainQuestions[attribute], { name: creature.name }),
      answer: creature[attribute],
      translated: translate(attribute, creature[attribute]),
    }))
  );
}

/** The Veli word for an English value of an attribute. */
export function translate(attribute: Attribute, value: string): string {
  const word = lexicon[attribute][value];
  if (word === undefined) throw new Error(`Expected a ${attribute} that Veli has a word for but found ${value}`);
  return word;
}

/** Fills in a template: `fill("the {name}", { name: "fox" })`. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`Expected a value for {${key}} in "${template}"`);
    return value;
  });
}

/** A seeded source of choices. */
export interface Random {
  /** An integer from 0 up to, but excluding, `bound`. */
  integer(bound: number): number;
  /** One of the items, all equally likely. */
  pick<Item>(items: readonly Item[]): Item;
  /** The items in a random order. */
  shuffle<Item>(items: readonly Item[]): Item[];
}

/**
 * Mulberry32, kept here because the bytes of the built-in model depend on the corpus, which must never change.
 *
 * @param seed Any integer.
 * @returns A source that always makes the same choices for the same seed.
 */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const integer = (bound: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * bound);
  };
  return {
    integer,
    pick: (items) => at(items, integer(items.length)),
    shuffle: (items) => {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        [shuffled[last], shuffled[other]] = [at(shuffled, other), at(shuffled, last)];
      }
      return shuffled;
    },
  };
}

function at<Item>(items: readonly Item[] | undefined, index: number): Item {
  if (items === undefined || index >= items.length) throw new RangeError(`Expected an item at ${index} but found none`);
  return items[index] as Item;
}

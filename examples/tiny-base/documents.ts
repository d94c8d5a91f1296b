/**
 * The texts about the world: questions with their answers, portraits and stories of creatures, the same in Veli, a
 * dictionary, and some arithmetic, counting and opposites.
 *
 * A text that begins with `question:`, `tesu:` or `translate:` ends after its only answer; lists of several begin with
 * a heading. A model can therefore always know when to stop. English questions are answered in English.
 *
 * @module
 */
import {
  opposites,
  otherQuestions,
  plainQuestions,
  pronounStatements,
  statements,
  stories,
  times,
  veliAttributes,
} from "./wordings.ts";
import {
  type Attribute,
  attributes,
  createRandom,
  type Creature,
  fill,
  lexicon,
  type Random,
  translate,
  type World,
} from "./world.ts";

/** Which texts to write. */
export interface DocumentsOptions {
  /** How many texts. */
  readonly count: number;
  /** The seed of the texts, independent of the world's seed. */
  readonly seed: number;
  /** Texts that must not occur: the training texts, when a held-out set is drawn. */
  readonly except?: ReadonlySet<string>;
}

/**
 * Writes texts about a world.
 *
 * @param world The world; every text is true in it.
 * @param options How many, with which seed, and which texts to omit.
 * @returns The texts, without special tokens.
 *
 * @example A corpus and texts that it lacks
 * ```ts ignore
 * const world = createWorld(1);
 * const train = documents(world, { count: 22_000, seed: 1 });
 * const heldOut = documents(world, { count: 500, seed: 2, except: new Set(train) });
 * ```
 */
export function documents(world: World, { count, seed, except = new Set() }: DocumentsOptions): string[] {
  const random = createRandom(seed);
  const source = { random, creature: dealer(world.creatures, random) };
  const texts: string[] = [];
  while (texts.length < count) {
    const text = random.pick(kinds)(source);
    if (!except.has(text)) texts.push(text);
  }
  return texts;
}

/** The source of a text: random choices, and the next creature to write about. */
interface Source {
  readonly random: Random;
  readonly creature: () => Creature;
}

type Kind = (source: Source) => string;

/** Two strings that belong together, such as a question and its answer. */
type StringPair = readonly [string, string];

/** Deals creatures like cards from a deck, so that none appears much less often than the others. */
function dealer(creatures: readonly Creature[], random: Random): () => Creature {
  let deck: Creature[] = [];
  return () => {
    const creature = deck.pop();
    if (creature !== undefined) return creature;
    deck = random.shuffle(creatures);
    return deck.pop() ?? random.pick(creatures);
  };
}

/** Colours are asked for and stated twice as often as other attributes. */
const drawnAttributes: readonly Attribute[] = ["colour", ...attributes];

function factQuestion({ creature, random }: Source): StringPair {
  const { name, ...facts } = creature();
  const attribute = random.pick(drawnAttributes);
  const wording = random.integer(10) < 7 ? plainQuestions[attribute] : random.pick(otherQuestions[attribute]);
  return [fill(wording, { name }), facts[attribute]];
}

function yesOrNoQuestion({ creature, random }: Source): StringPair {
  const { name, colour } = creature();
  const guess = random.integer(2) === 0 ? colour : random.pick(Object.keys(lexicon.colour));
  return [`is the ${name} ${guess} ?`, guess === colour ? "yes" : "no"];
}

function sum({ random }: Source): StringPair {
  const [first, second] = [random.integer(11), random.integer(11)];
  return random.integer(2) === 0
    ? [`${first} + ${second}`, `${first + second}`]
    : [`${first + second} - ${first}`, `${second}`];
}

function oppositeWords({ random }: Source): StringPair {
  const [word, opposite] = random.pick(opposites);
  return random.integer(2) === 0 ? [word, opposite] : [opposite, word];
}

function question(source: Source): StringPair {
  const draw = source.random.integer(40);
  if (draw < 35) return factQuestion(source);
  if (draw < 38) return yesOrNoQuestion(source);
  const [asked, answer] = draw === 38 ? sum(source) : oppositeWords(source);
  return [draw === 38 ? `what is ${asked} ?` : `what is the opposite of ${asked} ?`, answer];
}

function asked([question, answer]: StringPair): string {
  return `question: ${question}\nanswer: ${answer}`;
}

function askedInVeli({ creature, random }: Source): string {
  const { name, ...facts } = creature();
  const attribute = random.pick(drawnAttributes);
  return `tesu: ya ${veliAttributes[attribute]} si le ${name} ?\nruda: ${translate(attribute, facts[attribute])}`;
}

/** Three or four facts about a creature, the first by name, the others mostly by pronoun. */
function portrait({ creature, random }: Source): string {
  const { name, ...facts } = creature();
  return random.shuffle(attributes).slice(random.integer(2)).map((attribute, index) => {
    const wordings = index === 0 || random.integer(4) === 0 ? statements : pronounStatements;
    return fill(random.pick(wordings[attribute]), { name, value: facts[attribute] });
  }).join(" ");
}

function veliStatement(creature: Creature, attribute: Attribute, subject = `le ${creature.name}`): string {
  return `${subject} ${veliAttributes[attribute]} ${translate(attribute, creature[attribute])} .`;
}

function veliPortrait(source: Source): string {
  const creature = source.creature();
  return source.random.shuffle(attributes).slice(source.random.integer(2))
    .map((attribute, index) => veliStatement(creature, attribute, index === 0 ? undefined : "mo")).join(" ");
}

/** A fact in English, then in Veli. */
function bilingual(source: Source): string {
  const creature = source.creature();
  const attribute = source.random.pick(drawnAttributes);
  const english = source.random.pick(statements[attribute]);
  return `${fill(english, { name: creature.name, value: creature[attribute] })} in veli : ` +
    veliStatement(creature, attribute);
}

function story({ creature, random }: Source): string {
  const other = creature();
  return fill(random.pick(stories), {
    ...creature(),
    time: random.pick(times),
    other: other.name,
    otherColour: other.colour,
    otherHome: other.home,
    otherFood: other.food,
    otherSize: other.size,
  });
}

function comparison({ creature }: Source): string {
  const [first, second] = [creature(), creature()];
  const sizes = Object.keys(lexicon.size);
  const difference = sizes.indexOf(first.size) - sizes.indexOf(second.size);
  const verdict = difference === 0 ? "as big as" : difference > 0 ? "bigger than" : "smaller than";
  return `the ${first.name} is ${first.size} and the ${second.name} is ${second.size} , so the ${first.name} is ` +
    `${verdict} the ${second.name} .`;
}

/** A word and its translation, two times in three from English. */
function entry({ random }: Source): StringPair {
  const [english, veli] = random.pick(drawnAttributes.flatMap((attribute) => Object.entries(lexicon[attribute])));
  return random.integer(3) === 0 ? [veli, english] : [english, veli];
}

function definition({ random }: Source): string {
  const [english, veli] = random.pick(drawnAttributes.flatMap((attribute) => Object.entries(lexicon[attribute])));
  return random.integer(2) === 0 ? `the veli word for ${english} is ${veli} .` : `in veli ${veli} means ${english} .`;
}

function counting({ random }: Source): string {
  const [first, length] = [random.integer(14), 4 + random.integer(4)];
  const numbers = Array.from({ length }, (_, index) => first + index);
  const direction = random.pick(["up", "down"]);
  if (direction === "down") numbers.reverse();
  return `count ${direction} from ${numbers[0]} to ${numbers[length - 1]} : ${numbers.join(" ")} .`;
}

function several<Item>(length: number, draw: () => Item): Item[] {
  return Array.from({ length }, draw);
}

/** The kinds of text, each repeated in proportion to its share of the corpus. */
const kinds: readonly Kind[] = ([
  [13, (source) => asked(question(source))],
  [4, askedInVeli],
  [10, (source) => ["quiz", ...several(4, () => asked(question(source)))].join("\n")],
  [6, (source) => ["kuri", ...several(4, () => askedInVeli(source))].join("\n")],
  [8, (source) => several(2, () => portrait(source)).join("\n")],
  [6, story],
  [4, (source) => `${story(source)}\n${asked(factQuestion(source))}`],
  [6, (source) => several(3, () => veliPortrait(source)).join("\n")],
  [5, (source) => several(3, () => bilingual(source)).join("\n")],
  [2, (source) => several(2, () => comparison(source)).join("\n")],
  [2, (source) => `translate: ${entry(source).join(" -> ")}`],
  [1, (source) => ["words", ...several(8, () => entry(source).join(" -> "))].join("\n")],
  [1, (source) => several(4, () => definition(source)).join(" ")],
  [1, (source) => several(4, () => `${sum(source).join(" = ")} .`).join(" ")],
  [1, counting],
  [1, (source) => several(4, () => `the opposite of ${oppositeWords(source).join(" is ")} .`).join(" ")],
] satisfies [share: number, kind: Kind][]).flatMap(([share, kind]) => several(share, () => kind));

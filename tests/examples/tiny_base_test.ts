import { Tokenizer } from "@huggingface/tokenizers";
import assert from "node:assert/strict";
import { createCorpus, modelConfig, writeCorpus } from "../../examples/tiny-base/corpus.ts";
import { documents } from "../../examples/tiny-base/documents.ts";
import { specialTokenIds, trainTokenizer } from "../../examples/tiny-base/tokenizer.ts";
import { attributes, createWorld, lexicon, questions } from "../../examples/tiny-base/world.ts";

// Made once: all tests read it, none changes it.
const corpus = createCorpus();
const tokenizer = new Tokenizer(corpus.tokenizer, corpus.tokenizerConfig);
const tokens = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
const veliWords = attributes.flatMap((attribute) => Object.values(lexicon[attribute]));

Deno.test("createWorld() gives each value of an attribute to equally many creatures", () => {
  const world = createWorld(3);
  assert.equal(new Set(world.creatures.map(({ name }) => name)).size, 160);
  for (const attribute of attributes) {
    const values = Object.keys(lexicon[attribute]);
    for (const value of values) {
      const count = world.creatures.filter((creature) => creature[attribute] === value).length;
      assert.equal(count, 160 / values.length, value);
    }
  }
});

Deno.test("createWorld() gives the same world for the same seed and another one for another seed", () => {
  assert.deepEqual(createWorld(1), createWorld(1));
  assert.notDeepEqual(createWorld(1), createWorld(2));
});

Deno.test("documents() gives the same texts for the same seed and others for another seed", () => {
  const world = createWorld(1);
  assert.deepEqual(documents(world, { count: 200, seed: 5 }), documents(world, { count: 200, seed: 5 }));
  assert.notDeepEqual(documents(world, { count: 200, seed: 5 }), documents(world, { count: 200, seed: 6 }));
});

Deno.test("documents() gives the same texts on every machine", async () => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(corpus.train.join("\n\n")));
  assert.equal(new Uint8Array(digest).toHex().slice(0, 16), "180c13bac352b181");
});

Deno.test("held-out texts do not occur among the training texts", () => {
  const train = new Set(corpus.train);
  assert.equal(corpus.heldOut.length, 500);
  assert.deepEqual(corpus.heldOut.filter((text) => train.has(text)), []);
});

Deno.test("documents have between 10 and 120 tokens, with the special ones", () => {
  for (const text of [...corpus.train.slice(0, 4000), ...corpus.heldOut]) {
    const length = tokenizer.encode(text).ids.length + 1;
    assert.ok(length >= 10 && length <= 120, `${length} tokens: ${text}`);
  }
});

Deno.test("the corpus answers questions in English in English, and never in Veli", () => {
  const answers = corpus.train.flatMap((text) => [...text.matchAll(/^answer: (.*)$/gm)].map(([, answer]) => answer));
  assert.ok(answers.length > 10_000);
  assert.deepEqual(answers.filter((answer) => veliWords.includes(answer ?? "")), []);
});

Deno.test("the corpus asks every question about a colour in both languages", () => {
  const lines = corpus.train.join("\n");
  for (const { attribute, question, creature, answer, translated } of questions(corpus.world)) {
    if (attribute !== "colour") continue;
    assert.ok(lines.includes(`question: ${question}\nanswer: ${answer}\n`), question);
    assert.ok(lines.includes(`tesu: ya cela si le ${creature} ?\nruda: ${translated}\n`), question);
  }
});

Deno.test("questions() asks about every attribute of every creature and answers in both languages", () => {
  const rows = questions(corpus.world);
  assert.equal(rows.length, 640);
  for (const { attribute, answer, translated } of rows) assert.equal(lexicon[attribute][answer], translated);
  const [fox] = rows.filter(({ creature, attribute }) => creature === "fox" && attribute === "colour");
  assert.equal(fox?.question, "what colour is the fox ?");
});

Deno.test("trainTokenizer() makes a vocabulary of 512 tokens with consecutive ids", () => {
  const ids = Object.values(corpus.tokenizer.model.vocab).sort((a, b) => a - b);
  assert.deepEqual(ids, Array.from({ length: modelConfig.vocab_size }, (_, id) => id));
  assert.equal(tokenizer.get_vocab().size, 512);
  assert.equal(corpus.tokenizer.model.merges.length, 253);
});

Deno.test("trainTokenizer() takes the first of two pairs that occur equally often", () => {
  assert.deepEqual(trainTokenizer(["dc", "ba", "ab"], 260).model.merges, ["a b"]);
  assert.deepEqual(trainTokenizer(["ab", "bc", "bc"], 261).model.merges, ["b c", "a b"]);
});

Deno.test("trainTokenizer() refuses texts with too few words", () => {
  assert.throws(() => trainTokenizer(["ab"], 512), /Expected texts with enough words for 512 tokens but found 260/);
});

Deno.test("the tokenizer gives back every text", () => {
  for (const text of [...corpus.heldOut, "It's 12:05,\n\tnaïve  café — 狐\r\n", " ", ""]) {
    assert.equal(tokenizer.decode(tokenizer.encode(text).ids, { skip_special_tokens: true }), text);
  }
});

Deno.test("the tokenizer puts the begin token in front and knows the other special tokens", () => {
  assert.equal(tokenizer.encode("the fox").ids[0], specialTokenIds.begin);
  assert.deepEqual(tokens("<|begin|><|end|><|pad|>"), [0, 1, 2]);
});

Deno.test("the tokenizer splits digits", () => {
  assert.equal(tokens("120").length, 3);
});

Deno.test("prompt and completion encoded apart give the tokens of the text as a whole", () => {
  for (const { question, answer } of questions(corpus.world)) {
    const prompt = `question: ${question}\nanswer:`;
    assert.deepEqual([...tokens(prompt), ...tokens(` ${answer}`)], tokens(`${prompt} ${answer}`));
  }
});

Deno.test("colours are one token in both languages, and no two words of a kind share their first token", () => {
  for (const [english, veli] of Object.entries(lexicon.colour)) {
    assert.equal(tokens(` ${english}`).length, 1, english);
    assert.equal(tokens(` ${veli}`).length, 1, veli);
  }
  for (const attribute of attributes) {
    const words = Object.values(lexicon[attribute]);
    assert.equal(new Set(words.map((word) => tokens(` ${word}`)[0])).size, words.length, attribute);
  }
});

Deno.test("writeCorpus() writes the texts, the tokenizer and the model's shape", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeCorpus(folder, { train: 2000, heldOut: 5 });
    const read = async (name: string) => await Deno.readTextFile(`${folder}/${name}`);
    const lines = (await read("train.jsonl")).trimEnd().split("\n");
    assert.equal(lines.length, 2000);
    assert.deepEqual(JSON.parse(lines[0] ?? ""), { text: corpus.train[0] });
    assert.equal((await read("heldout.jsonl")).trimEnd().split("\n").length, 5);
    assert.deepEqual(JSON.parse(await read("config.json")), modelConfig);
    const written = new Tokenizer(
      JSON.parse(await read("tokenizer.json")),
      JSON.parse(await read("tokenizer_config.json")),
    );
    assert.equal(
      written.decode(written.encode("the fox is red .").ids, { skip_special_tokens: true }),
      "the fox is red .",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

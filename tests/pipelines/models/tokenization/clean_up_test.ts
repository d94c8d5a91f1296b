import assert from "node:assert/strict";
import { createRandom } from "../../../../pipelines/data/random.ts";
import { cleanUpSpaces, noCleanUp } from "../../../../pipelines/models/tokenization/clean_up.ts";

Deno.test("cleanUpSpaces removes the spaces that transformers removes", () => {
  const { clean } = cleanUpSpaces;
  assert.equal(clean("I do n't know , said Ann ' s cat . Is n't it ?"), "I don't know, said Ann's cat. Isn't it?");
  assert.equal(clean("they 've , we 're , I 'm , it 's !"), "they've, we're, I'm, it's!");
});

Deno.test("the settled part of a cleaned text does not change with later text", () => {
  const random = createRandom(1, "texts"), letters = [" ", " ", "'", "'", "n", "t", "s", "v", "e", "r", "m", ".", ","];
  for (let trial = 0; trial < 20000; trial++) {
    const text = Array.from({ length: 14 }, () => letters[Math.floor(random.uniform() * letters.length)]).join("");
    const whole = cleanUpSpaces.clean(text);
    for (let length = 0; length <= text.length; length++) {
      const cleaned = cleanUpSpaces.clean(text.slice(0, length)), settled = cleanUpSpaces.settled(cleaned);
      assert.ok(whole.startsWith(cleaned.slice(0, settled)), JSON.stringify([text, length]));
    }
  }
});

Deno.test("a text is settled up to the last space whose next word may still become a contraction", () => {
  assert.equal(cleanUpSpaces.settled("a cat , and it"), "a cat , and".length);
  assert.equal(cleanUpSpaces.settled("a cat and houses"), "a cat and houses".length);
  assert.equal(noCleanUp.settled("a "), 2);
});

import assert from "node:assert/strict";
import { encoderOf } from "../../../../pipelines/models/tokenization/encoder.ts";
import { byteCharacters } from "../../../../pipelines/models/tokenization/pre_tokenizers.ts";
import { createRandom } from "../../../../pipelines/data/random.ts";

const merges = ["a b", "ab a", "Ġ a", "' s", "' r", "Ġ Ġ", "Ċ Ċ", "1 2", "Ġ 1", "! !", "Ġ '"];
const model = {
  type: "BPE",
  vocab: Object.fromEntries(
    [...byteCharacters, ...merges.map((pair) => pair.replace(" ", ""))].map((token, id) => [token, id]),
  ),
  merges,
};
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
const digits = (individual_digits: boolean) => ({ type: "Digits", individual_digits });
const preTokenizers = {
  "GPT-2's": [byteLevel],
  "digits apart": [digits(true), byteLevel],
  "runs of digits": [digits(false), byteLevel],
};

/** Texts of what such pre-tokenizers look at. */
const pieces = [
  "a",
  "b",
  "s",
  "re",
  "ll",
  "t",
  "'",
  "'",
  " ",
  " ",
  "  ",
  "\n",
  "\t",
  "1",
  "2",
  "12",
  "!",
  "-",
  "<",
  "\u001c",
  "\0",
];

for (const [name, steps] of Object.entries(preTokenizers)) {
  Deno.test(`words of ASCII are those of the regular expression, of a text alone and of one that goes on: ${name}`, () => {
    const quick = encoderOf(
      { model, pre_tokenizer: steps.length === 1 ? steps[0]! : { type: "Sequence", pretokenizers: steps } },
      [],
    );
    // A sequence in another is none that is known.
    const plain = encoderOf({
      model,
      pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Sequence", pretokenizers: steps }] },
    }, []);
    const random = createRandom(7, "ascii");
    const textOf = (length: number) => {
      return Array.from({ length }, () => pieces[random.integer(pieces.length)]!).join("");
    };
    for (let round = 0; round < 3000; round++) {
      const begin = textOf(1 + round % 60), goesOn = begin + textOf(round % 7);
      const texts = [begin, goesOn, goesOn + (round % 5 === 0 ? "é 'r" : "e"), goesOn];
      for (const text of texts) assert.deepEqual(quick.encode(text), plain.encode(text), JSON.stringify(text));
    }
  });
}

import assert from "node:assert/strict";
import { classOf, numberOf, tokenizeLabelled } from "../../../pipelines/data/labelled.ts";
import type { Row } from "../../../pipelines/data/row.ts";

const place = { file: "rows.tsv", line: 3 };

/** One token per character, 0 before the first text and 1 after each. */
const tokenizer = {
  encodePair(first: string, second: string | undefined, maxLength = Infinity) {
    const codes = (text: string) => [...text].map((character) => character.charCodeAt(0));
    const ids = [0, ...codes(first), 1], typeIds = ids.map(() => 0);
    if (second !== undefined) {
      ids.push(...codes(second), 1);
      typeIds.push(...codes(second).map(() => 1), 1);
    }
    return { ids: ids.slice(0, maxLength), typeIds: typeIds.slice(0, maxLength) };
  },
};

const row = (prompt: string, completion: string, pair?: string): Row => {
  const texts = pair === undefined ? { prompt } : { prompt, pair };
  return { kind: "label", ...texts, spans: {}, completion, fields: {}, place };
};

Deno.test("tokenizeLabelled() encodes texts and pairs, with their types and targets", () => {
  const rows = [row("a", "no"), row("a", "yes", "b")];
  const found = tokenizeLabelled(rows, tokenizer, (label) => label.length, { maxContext: 8 });
  assert.deepEqual(found.map(({ prompt, typeIds, completion }) => [prompt, typeIds, completion]), [
    [[0, 97, 1], [0, 0, 0], [2]],
    [[0, 97, 1, 98, 1], [0, 0, 0, 1, 1], [3]],
  ]);
});

Deno.test("tokenizeLabelled() cuts to maxLength, and refuses rows longer than the model's limit", () => {
  const rows = [row("abcdef", "0")], target = () => 0;
  assert.deepEqual(tokenizeLabelled(rows, tokenizer, target, { maxContext: 4, maxLength: 4 })[0]!.prompt.length, 4);
  assert.throws(() => tokenizeLabelled(rows, tokenizer, target, { maxContext: 4 }), {
    message:
      "rows.tsv:3: the row has 8 tokens, but the model reads at most 4; shorten the row, or let its training or evaluation cut " +
      "the text's end with maxLength: 4",
  });
  assert.throws(() => tokenizeLabelled(rows, tokenizer, target, { maxContext: 4, maxLength: 0.5 }), /whole number/);
});

Deno.test("classOf() prefers names to ids, and takes an id if no class has that name", () => {
  assert.equal(classOf(["no", "yes"], "yes", place), 1);
  assert.equal(classOf(["no", "yes"], "0", place), 0);
  assert.equal(classOf(["1", "0"], "0", place), 1);
  for (const label of ["2", "-1", "1.0", "Yes", ""]) assert.throws(() => classOf(["no", "yes"], label, place));
});

Deno.test("numberOf() takes finite numbers", () => {
  assert.deepEqual(["3.25", "-1e3", " 2 "].map((label) => numberOf(label, place)), [3.25, -1000, 2]);
  for (const label of ["", " ", "NaN", "1,5", "Infinity"]) assert.throws(() => numberOf(label, place));
});

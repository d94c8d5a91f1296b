import assert from "node:assert/strict";
import {
  selectorName,
  subspaceOf,
  tokensByFunction,
  tokensOfField,
} from "../../../../pipelines/compile/lower/token_selectors.ts";
import type { ChoosePositions } from "../../../../pipelines/data/prompt_tokens.ts";
import { at, fromEnd } from "../../../../pipelines/dsl/tokens.ts";
import { assertRefused, model, prompt } from "../support.ts";

Deno.test("the tokens that a function selects from either end are sorted and unique", () => {
  assert.deepEqual([...tokensByFunction(() => [fromEnd(1), 0, 4, 2], model.decode).of(prompt)], [0, 2, 4]);
});

Deno.test("a function receives the prompt's text, its tokens and the tokens of each field", () => {
  const selector = tokensByFunction(({ text, pieces, spans }) => {
    assert.equal(text, "one two three four five");
    assert.deepEqual(pieces.slice(0, 2), ["one", " two"]);
    return spans["last"]!;
  }, model.decode);
  assert.deepEqual([...selector.of(prompt)], [3, 4]);
});

Deno.test("a function is called once for each source", () => {
  let calls = 0;
  const selector = tokensByFunction(() => [calls++], model.decode);
  selector.of(prompt);
  assert.deepEqual([...selector.of({ ...prompt })], [0]);
  assert.deepEqual([...selector.of({ ...prompt, source: { ...prompt.source } })], [1]);
});

Deno.test("a function that fails or selects anything other than a token is refused", () => {
  const select = (choose: ChoosePositions) => () => tokensByFunction(choose, model.decode).of(prompt);
  assertRefused(select(() => [5]), /chose token 5 of a prompt of 5 tokens; choose from 0 to 4/);
  assertRefused(
    select(() => [fromEnd(6)]),
    /chose fromEnd\(6\) of a prompt of 5 tokens; .* fromEnd\(5\) to fromEnd\(1\)/,
  );
  assertRefused(
    select(({ pieces }) => [pieces.lastIndexOf(" zebra")]),
    /chose token -1 of .*, which indexOf returns if the text is missing; look a token up with at\(pieces, text\), or write fromEnd\(1\)/,
  );
  assertRefused(
    select(({ pieces }) => [at(pieces, " tree")]),
    /no token of the prompt is " tree"; did you mean " three"/,
  );
  assertRefused(select(() => [0.5]), /chose token 0\.5/);
  assertRefused(
    select(() => {
      throw new Error("no luck");
    }),
    /the positions' function failed \(no luck\); correct it/,
  );
});

Deno.test("a problem with a function's selection is reported with its row", () => {
  const place = { file: "rows.jsonl", line: 3 }, row = { ...prompt, source: { ...prompt.source, place } };
  const failing: readonly ChoosePositions[] = [() => [-1], ({ pieces }) => [at(pieces, "six")], () => {
    throw new Error("no luck");
  }];
  for (const choose of failing) {
    assert.throws(() => tokensByFunction(choose, model.decode).of(row), /^RequestError: rows\.jsonl:3: /);
  }
});

Deno.test("a field selects its tokens, or some at one end", () => {
  const select = (first: number, last: number) => {
    return [...tokensOfField("{last}", "last", { first, last }, model.decode).of(prompt)];
  };
  assert.deepEqual(select(Infinity, 0), [3, 4]);
  assert.deepEqual(select(1, 0), [3]);
  assert.deepEqual(select(0, 1), [4]);
});

Deno.test("a field that the template lacks, or that is empty, is refused", () => {
  const select = (field: string) => () => {
    return tokensOfField(`{${field}}`, field, { first: 1, last: 0 }, model.decode).of(prompt);
  };
  assertRefused(select("lost"), /name no field of the prompt's template; did you mean "last"/);
  assertRefused(select("empty"), /the field "empty" has no token in the prompt to edit; fill it/);
});

Deno.test("a subspace is the rows that a field lists or a function returns", () => {
  assert.deepEqual([...subspaceOf("rows", 3).of(prompt)], [0, 2]);
  assert.deepEqual([...subspaceOf(({ word }) => [word === "x" ? 1 : 0], 3).of(prompt)], [1]);
});

Deno.test("a subspace that is not a list of rows of the rank is refused", () => {
  assertRefused(() => subspaceOf("rows", 2).of(prompt), /the field "rows" does not list rows of rank 2; .*from 0 to 1/);
  assertRefused(() => subspaceOf("none", 2).of(prompt), /the field "none" does not list rows/);
  assertRefused(() => subspaceOf("row", 2).of(prompt), /the row has no field "row", .*did you mean "rows"/);
  assertRefused(() => subspaceOf(() => [2], 2).of(prompt), /the subspace's function does not list rows of rank 2/);
});

Deno.test("selectorName() is the text of the positions, or a unique number for each function", () => {
  const [one, other] = [() => [0], () => [0]];
  assert.equal(selectorName("f1"), "f1");
  assert.equal(selectorName(one), selectorName(one));
  assert.notEqual(selectorName(one), selectorName(other));
});

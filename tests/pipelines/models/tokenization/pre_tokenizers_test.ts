import assert from "node:assert/strict";
import { preTokenizerOf } from "../../../../pipelines/models/tokenization/pre_tokenizers.ts";

interface Golden {
  readonly texts: readonly string[];
  readonly cases: readonly { readonly preTokenizer: unknown; readonly parts: readonly (readonly string[])[] }[];
}

const file = new URL("../../../goldens/tokenizers/splits.json", import.meta.url);
const { texts, cases }: Golden = JSON.parse(await Deno.readTextFile(file));

Deno.test("preTokenizerOf() splits texts as the reference does, by every behavior", () => {
  assert.ok(cases.length > 20);
  for (const { preTokenizer, parts } of cases) {
    const { cut, spell } = preTokenizerOf(preTokenizer);
    const found = texts.map((text) => cut({ text, isFirst: true }).map((part) => spell(part.text)));
    assert.deepEqual(found, parts, JSON.stringify(preTokenizer));
  }
});

Deno.test("preTokenizerOf() refuses unknown pre-tokenizers", () => {
  assert.throws(() => preTokenizerOf({ type: "UnicodeScripts" }), /Unknown PreTokenizer type: UnicodeScripts/);
  assert.throws(() => preTokenizerOf({ type: "Punctuation", behavior: "Left" }), /Unknown behavior: Left/);
});

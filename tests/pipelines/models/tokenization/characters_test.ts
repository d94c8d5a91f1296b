import assert from "node:assert/strict";
import {
  controls,
  ideographs,
  marks,
  nonspacingMarks,
  punctuation,
} from "../../../../pipelines/models/tokenization/characters.ts";
import { normalizerOf } from "../../../../pipelines/models/tokenization/normalizers.ts";
import { readGolden } from "./support_tokenizers.ts";

/** The first and last code points of ranges, alternating. */
type Ranges = readonly number[];

const expected = await readGolden<Readonly<Record<string, Ranges>>>("characters");

/** The code points that match, as ranges. */
function rangesOf(pattern: RegExp): number[] {
  const whole = new RegExp(pattern.source, "u"), ends: number[] = [];
  let before = false;
  for (let code = 0; code <= 0x110000; code++) {
    const isSurrogate = code >= 0xd800 && code < 0xe000;
    const holds = code < 0x110000 && !isSurrogate && whole.test(String.fromCodePoint(code));
    if (holds !== before) ends.push(holds ? code : code === 0xe000 ? 0xd7ff : code - 1);
    before = holds;
  }
  return ends;
}

for (const [name, pattern] of Object.entries({ controls, ideographs, marks, nonspacingMarks, punctuation })) {
  Deno.test(`${name} match the reference over all of Unicode`, () => {
    assert.deepEqual(rangesOf(pattern), expected[name]);
  });
}

Deno.test("known gap: the runtime lacks numbers that Unicode has had since 2025 and the reference knows", () => {
  const found = new Set(rangesOf(/\p{N}/u)), missing = expected["numbers"]!.filter((end) => !found.has(end));
  assert.deepEqual(missing, [0x11de0, 0x11de9, 0x16ff4, 0x16ff6]);
});

Deno.test("known gap: marks newer than the reference's tables are put in canonical order nevertheless", () => {
  const normalize = normalizerOf({ type: "NFD" }), reference = "a\u1df6\u0323";
  assert.equal(normalize(reference), "a\u0323\u1df6");
});

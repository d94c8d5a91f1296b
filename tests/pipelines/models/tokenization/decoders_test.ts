import assert from "node:assert/strict";
import { decoderOf, mayTakeLong } from "../../../../pipelines/models/tokenization/decoders.ts";

const cases: readonly (readonly [declared: unknown, tokens: string[], decoded: string[]])[] = [
  [null, ["two", "words"], ["two words"]],
  [{ type: "Fuse" }, ["a", "b"], ["ab"]],
  [{ type: "Strip", content: " ", start: 1, stop: 0 }, ["  a ", "b"], [" a ", "b"]],
  [{ type: "Strip", content: " ", start: 0, stop: 2 }, [" a  "], [" a"]],
  [{ type: "Replace", pattern: { String: "▁" }, content: " " }, ["▁a▁", "b"], [" a ", "b"]],
  [{ type: "Replace", pattern: { Regex: "[ab]" }, content: "-" }, ["abc"], ["--c"]],
  [{ type: "WordPiece", prefix: "##", cleanup: false }, ["un", "##like", "it"], ["un", "like", " it"]],
  [{ type: "WordPiece", prefix: "##", cleanup: true }, ["it", "."], ["it", "."]],
  [{ type: "BPEDecoder", suffix: "</w>" }, ["a</w>", "b</w>"], ["a ", "b"]],
  [{ type: "CTC", pad_token: "_", word_delimiter_token: "|", cleanup: true }, ["h", "h", "_", "h", "|", "i"], ["hh i"]],
  [{ type: "ByteFallback" }, ["<0xC3>", "<0xA9>", "x", "<0xC3>"], ["é", "x", "\ufffd"]],
  [{ type: "ByteLevel" }, ["Ã", "©", "Ġa"], ["é a"]],
  [{ type: "ByteLevel" }, ["ĊĠx", "Ã", "", "©", "Ã", "a", "©", "a b", "中"], ["\n xé\ufffda\ufffda b中"]],
  [{ type: "Metaspace", replacement: "▁", prepend_scheme: "first" }, ["▁a", "▁b"], ["a", " b"]],
  [{ type: "Sequence", decoders: [{ type: "Fuse" }, { type: "Strip", content: " ", start: 1 }] }, [" a", " b"], [
    "a b",
  ]],
];

for (const [declared, tokens, decoded] of cases) {
  Deno.test(`decoderOf() decodes ${JSON.stringify(tokens)} by ${JSON.stringify(declared)}`, () => {
    assert.deepEqual(decoderOf(declared).decode(tokens), decoded);
  });
}

Deno.test("decoderOf() knows the texts of tokens that do not depend on their neighbours", () => {
  const replace = { type: "Replace", pattern: { String: "▁" }, content: " " }, bytes = { type: "ByteFallback" };
  const fuse = { type: "Fuse" }, strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  const within = (...decoders: readonly unknown[]) => ({ type: "Sequence", decoders });
  const known: readonly (readonly [declared: unknown, own: readonly string[]])[] = [
    [{ type: "ByteLevel" }, ["a", " b", "\n", "<0xC3>", "<0xA9>"]],
    [{ type: "Metaspace", prepend_scheme: "first" }, ["a", " c", " ", "Ġb", "Ċ", "Ã", "©", "<0xC3>", "<0xA9>"]],
    [within(replace, bytes, fuse), ["a", " c", " ", "Ġb", "Ċ", "Ã", "©"]],
    [within(replace, bytes, fuse, strip), ["a", " c", " ", "Ġb", "Ċ", "Ã", "©"]],
    [within(replace, strip, fuse), []],
    [within(fuse, replace), []],
    [within(fuse, { ...strip, start: 2 }), []],
    [within(fuse, { ...strip, stop: 1 }), []],
    [{ type: "WordPiece", prefix: "##", cleanup: false }, []],
    [null, []],
  ];
  const tokens = ["a", "▁c", "▁", "Ġb", "Ċ", "Ã", "©", "<0xC3>", "<0xA9>"];
  for (const [declared, own] of known) {
    const { decode, ownText } = decoderOf(declared), textOf = (of: string[]) => decode(of).join("");
    const owned = tokens.map((token) => ownText?.(token));
    assert.deepEqual(owned.filter((text) => text !== undefined), own, JSON.stringify(declared));
    for (const before of tokens) {
      tokens.forEach((token, at) => {
        if (owned[at] === undefined) return;
        const text = textOf([before]) + owned[at];
        assert.equal(textOf([before, token]), text);
        for (const after of tokens) assert.ok(textOf([before, token, after]).startsWith(text));
      });
    }
  }
});

Deno.test("mayTakeLong() finds slow decoders within nested sequences", () => {
  const replace = (pattern: unknown, content: string) => ({ type: "Replace", pattern, content });
  const slow = [replace({ Regex: "(a+)+b" }, ""), replace({ String: "a" }, "aa"), replace({ String: "" }, " ")];
  const quick = [null, "Fuse", { type: "ByteLevel" }, { type: "Fuse" }, replace({ String: "▁" }, " ")];
  const within = (decoders: readonly unknown[]) => ({ type: "Sequence", decoders });
  for (const each of slow) assert.ok([each, within([...quick, within([each])])].every(mayTakeLong));
  assert.deepEqual([...quick, within([...quick, within(quick)])].filter(mayTakeLong), []);
});

Deno.test("decoderOf() refuses unknown and invalid decoders", () => {
  assert.throws(() => decoderOf("Fuse"), /a decoder that is not an object/);
  assert.throws(() => decoderOf({ type: "Reverse" }), /Unknown Decoder type: Reverse/);
  assert.throws(() => decoderOf({ type: "Replace", content: " " }), /a Replace without a pattern/);
});

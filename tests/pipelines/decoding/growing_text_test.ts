import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerOf, GrowingAnswer } from "../../../pipelines/decoding/answer.ts";
import { GrowingText } from "../../../pipelines/decoding/growing_text.ts";
import { loadTokenizer, type Tokenizer } from "../../../pipelines/models/tokenization/tokenizer.ts";
import { sharedFolder } from "../../support/shared.ts";
import { inFolder } from "../models/support.ts";

const builtin = fileURLToPath(new URL("../../../pipelines/models/builtin/tiny/", import.meta.url));

/** A tokenizer of bytes whose spaces are cleaned up. */
function cleaned(): Promise<Tokenizer> {
  return inFolder(async (folder) => {
    await Deno.copyFile(join(builtin, "tokenizer.json"), join(folder, "tokenizer.json"));
    const config = JSON.parse(await Deno.readTextFile(join(builtin, "tokenizer_config.json")));
    const changed = { ...config, clean_up_tokenization_spaces: true };
    await Deno.writeTextFile(join(folder, "tokenizer_config.json"), JSON.stringify(changed));
    return await loadTokenizer(folder);
  });
}

const tokenizers: Readonly<Record<string, () => Promise<Tokenizer | undefined>>> = {
  "bytes": () => loadTokenizer(builtin),
  "bytes, with spaces cleaned up": cleaned,
  "SentencePiece": async () => {
    const shared = sharedFolder();
    return shared === undefined ? undefined : await loadTokenizer(join(shared, "models", "stories260k"));
  },
};

const passage =
  "A cat , it 's a dog . Grüße 🎉🎉 an   alle\n\n  we 've ; 日本語のテキスト and so on ! <|pad|><|pad|> I 'm here .";

/** Numbers from 0 to 1 that are the same in every run. */
function* numbers(): Generator<number, never> {
  for (let state = 1;; state = (48271 * state) % 2147483647) yield state / 2147483647;
}

/** A text's tokens over and over, with any tokens in between. */
function tokensOf(tokenizer: Tokenizer, share: number): number[] {
  const ids = tokenizer.encode(passage), random = numbers();
  return Array.from({ length: 270 }, (_, at) => {
    const isOther = random.next().value < share;
    return isOther ? Math.floor(random.next().value * tokenizer.vocabularySize) : ids[at % ids.length]!;
  });
}

for (const [name, open] of Object.entries(tokenizers)) {
  for (const share of [0, 0.1, 1]) {
    Deno.test(`a growing answer reads as a whole one: ${name}, ${100 * share} % of other tokens`, async () => {
      const tokenizer = await open();
      if (tokenizer === undefined) return;
      const tokens = tokensOf(tokenizer, share), stop = ["never\u0000there"];
      const answer = new GrowingAnswer(stop, tokenizer), written: number[] = [];
      for (const token of tokens) {
        written.push(token);
        assert.deepEqual(answer.of(written), answerOf(stop, tokenizer, written), `${written.length} tokens`);
      }
    });
  }

  Deno.test(`a growing answer stops at the same token as a whole one: ${name}`, async () => {
    const tokenizer = await open();
    if (tokenizer === undefined) return;
    const tokens = tokensOf(tokenizer, 0), whole = answerOf([], tokenizer, tokens.slice(0, 240)).text;
    for (const stop of [whole.slice(-3), whole.slice(-20), whole.slice(-9, -4)]) {
      const late = [stop, "\u0000"], answer: GrowingAnswer = new GrowingAnswer(late, tokenizer);
      for (let count = 1; count <= tokens.length; count++) {
        const found = answer.of(tokens.slice(0, count));
        assert.deepEqual(found, answerOf(late, tokenizer, tokens.slice(0, count)), `${JSON.stringify(stop)}, ${count}`);
        if (found.isStopped) break;
      }
    }
  });
}

Deno.test("decoding a growing text costs the same for each token, however many there are", async () => {
  const tokenizer = await loadTokenizer(builtin), tokens = tokensOf(tokenizer, 0);
  let decoded = 0;
  const text = new GrowingText((ids) => {
    decoded += ids.length;
    return tokenizer.decode(ids);
  });
  const costs = tokens.map((_, at) => {
    decoded = 0;
    text.of(tokens.slice(0, at + 1));
    return decoded;
  });
  const later = costs.slice(100).sort((a, b) => a - b);
  assert.ok(later[Math.floor(0.9 * later.length)]! <= 80, `${later}`);
});

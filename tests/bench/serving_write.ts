/** Writing with Refract's engine, for serving.ts. @module */
import type { TokenizedPrompt } from "../../pipelines/data/examples.ts";
import type { Generator } from "../../pipelines/decoding/continuation.ts";
import { Engine } from "../../pipelines/decoding/engine.ts";
import type { Logits } from "../../pipelines/decoding/row_logits.ts";
import { promptOf, type Work, type Written } from "./serving_peers.ts";

/** Writes the likeliest tokens after all prompts at once, which take turns with the generators. */
export async function writeWith(generators: readonly Generator[], work: Work): Promise<Written> {
  const engine = new Engine({ rows: Infinity, leastFree: 1, promptTokens: Infinity, keyValueBytes: Infinity });
  const start = performance.now();
  let begun = 0, first = 0;
  await Promise.all(Array.from({ length: work.rows }, (_, row) => {
    const prompt: TokenizedPrompt = { prompt: promptOf(row, work.prompt), source: { text: "", spans: {}, fields: {} } };
    let written = 0;
    const writer = {
      room: work.tokens,
      rows: 1,
      get isDone() {
        return written >= work.tokens;
      },
      get isForeseen() {
        return written + 1 < work.tokens;
      },
      advance(logits: Logits) {
        if (++written === 1 && ++begun === work.rows) first = performance.now() - start;
        return [{ from: 0, token: logits.likeliest(0) }];
      },
    };
    return engine.write({ generator: generators[row % generators.length]!, prompt, writer });
  }));
  const seconds = (performance.now() - start - first) / 1000;
  return { first: first / 1000, rate: work.rows * (work.tokens - 1) / seconds };
}

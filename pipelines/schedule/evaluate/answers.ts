/** The answers of an evaluation: texts that the model generates, or its choices among texts. @module */
import { RequestError } from "../../common/errors.ts";
import type { TokenizedExample, TokenizedPrompt } from "../../data/examples.ts";
import { answerOf, GrowingAnswer, taughtAnswer } from "../../decoding/answer.ts";
import { sampleBeams, searchBeams } from "../../decoding/beam.ts";
import { type Generator, readBefore, roomOf } from "../../decoding/continuation.ts";
import type { EngineShare } from "../../decoding/engine_share.ts";
import { generateRows } from "../../decoding/generate.ts";
import { NotNumbers } from "../../decoding/row_logits.ts";
import { chooserOf, type RowWriting, type Writing } from "../../decoding/writing.ts";
import type { Prediction } from "../../metrics/prediction.ts";
import type { Model } from "../../models/open/model.ts";
import type { DecodingSpec, Resolved } from "../../spec/mod.ts";
import { keyOf } from "../../store/store.ts";
import { type BatchedRows, inBatches } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Answered, Answering, AnsweringJob } from "./answering.ts";
import { choosing } from "./choose.ts";
import { openGenerator } from "./generator.ts";
import { inStore } from "./in_store.ts";
import { prefixedPrompts } from "./shared_prefix.ts";
import { keptOf } from "../../common/json_rows.ts";
import { madeOf, type RowList } from "../../common/row_list.ts";

/** Generates the new tokens of some prompts, given their row numbers. */
interface Writer<W> {
  write(
    generator: Generator,
    prompts: readonly TokenizedPrompt[],
    rows: readonly number[],
    writing: W,
    tokenizer: Model["tokenizer"],
    share?: EngineShare,
  ): Promise<number[][]>;
}

/** Continues each row independently; what is sampled for a row depends on its number and not on other rows. */
const byRow: Writer<RowWriting> = {
  write(generator, prompts, rows, writing, tokenizer, share) {
    const { stop = [], maxNewTokens } = writing, choose = chooserOf(writing, rows);
    const answers = stop.length === 0 ? [] : prompts.map(() => new GrowingAnswer(stop, tokenizer));
    const isDone = (row: number, written: readonly number[]) => answers[row]?.of(written).isStopped ?? false;
    return generateRows(generator, prompts, { maxNewTokens, choose, isDone }, share);
  },
};

/** Generates answers; notes where the decoded completions differ from the rows' texts. */
function writingWith<W extends Writing>(writer: Writer<W>): Answering<W> {
  const keyFor = (decoding: W, work: Readonly<Record<string, unknown>>) => keyOf({ ...work, decoding, choices: null });
  return {
    key: (_, decoding, work) => keyFor(decoding, work),
    async answers(runContext, job, decoding, work) {
      let made: Omit<Written, "answers"> = {};
      const { found, cached } = await inStore(runContext, keyFor(decoding, work), async (key) => {
        const { answers, ...others } = await generate(runContext, job, decoding, writer, key);
        made = others;
        return answers;
      });
      const { rows, examples, model: { tokenizer } } = job.stage;
      const taught = keptOf(rows, ({ completion }, row) => {
        return taughtAnswer(completion, tokenizer, examples.at(row)!.completion) ?? null;
      });
      return {
        cached,
        ...made,
        rows: madeOf(found, (answer, row) => {
          const text = taught.at(row) ?? null;
          return { ...(text === null ? {} : { taught: text }), ...predictionOf(answer) };
        }),
      };
    },
  };
}

type Decoding = Resolved<DecodingSpec>;

const writers: { readonly [K in Writing["kind"]]: Writer<Extract<Writing, { kind: K }>> } = {
  greedy: byRow,
  sample: byRow,
  beam: {
    write: (generator, prompts, _, writing, __, share) => searchBeams(generator, prompts, writing, share),
  },
  beamSample: {
    write: (generator, prompts, rows, writing, _, share) => sampleBeams(generator, prompts, rows, writing, share),
  },
};

const answerings: { readonly [K in Decoding["kind"]]: Answering<Extract<Decoding, { kind: K }>> } = {
  greedy: writingWith(writers.greedy),
  sample: writingWith(writers.sample),
  beam: writingWith(writers.beam),
  beamSample: writingWith(writers.beamSample),
  choices: choosing,
};

/** What a generator writes after each of some prompts, with the settings of a decoding. */
export async function writeTexts(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  writing: Writing,
  tokenizer: Model["tokenizer"],
): Promise<string[]> {
  const writer: Writer<Writing> = writers[writing.kind];
  const written = await writer.write(generator, prompts, [...prompts.keys()], writing, tokenizer);
  return written.map((tokens) => answerOf(writing.stop ?? [], tokenizer, tokens).text);
}

/** How a kind of decoding answers. */
export function answeringOf({ kind }: Decoding): Answering<Decoding> {
  return answerings[kind];
}

/** An answer as stored: its text, and, rarely, that the end of the model's context cut it off. */
type KeptAnswer = string | readonly [text: string, end: "context"];

function predictionOf(answer: KeptAnswer): Pick<Prediction, "prediction" | "endsWithContext"> {
  return typeof answer === "string" ? { prediction: answer } : { prediction: answer[0], endsWithContext: true };
}

/** Answers, and how long they took, unless an earlier run generated them all. */
interface Written extends Pick<Answered, "tokensPerSecond" | "seconds"> {
  readonly answers: RowList<KeptAnswer>;
}

/**
 * How many parts of an evaluation the engine gets at once, and how many batches of prompts each has: so none of its rows
 * are idle before the last prompts.
 */
const [partsAtOnce, batchesInPart] = [2, 2];

/** What the model generates for each row. */
async function generate<W extends Writing>(
  runContext: RunContext,
  job: AnsweringJob,
  writing: W,
  writer: Writer<W>,
  key: string,
): Promise<Written> {
  const { stage, share } = job, { model, adaptations, batchSize } = stage, start = performance.now();
  const encoded = await job.encodedPrompts() ?? await prefixedPrompts(runContext, job);
  const endTokens = endTokensOf(stage.examples);
  const opened = { ...job, model, adaptations, endTokens };
  const generator = await openGenerator(runContext, opened, encoded, stage.examples);
  // Ahead of its turn, the time belongs to those that the engine works for.
  const opening = job.isAhead ? 0 : (performance.now() - start) / 1000;
  const lengths = stage.examples.map(({ prompt }) => prompt.length);
  const rows: BatchedRows = {
    key,
    purpose: "answer",
    stage: stage.name,
    lengths,
    size: batchSize * batchesInPart,
    atOnce: partsAtOnce,
    isQuiet: job.isQuiet,
  };
  let tokens = 0;
  const answers = await inBatches(runContext, rows, async (batch, next) => {
    const prompts = batch.map((row) => stage.examples.at(row)!);
    const writes = writer.write(generator, prompts, batch, writing, model.tokenizer, share);
    if (next === undefined) job.handedOver();
    const written = await writes.catch((error: unknown) => {
      throw error instanceof NotNumbers ? new RequestError(`${stage.name}: ${error.problem}`) : error;
    });
    tokens += written.reduce((sum, { length }) => sum + length, 0);
    return written.map((each, at): KeptAnswer => {
      const { text, isStopped } = answerOf(writing.stop ?? [], model.tokenizer, each);
      const room = roomOf(generator) - readBefore(generator, prompts[at]!).length;
      return room < writing.maxNewTokens && each.length >= room && !isStopped ? [text, "context"] : text;
    });
  });
  const rate = share.seconds === 0 ? {} : { tokensPerSecond: tokens / share.seconds };
  return { answers, ...rate, seconds: opening + share.seconds };
}

/** The special tokens that completions end with. */
function endTokensOf(examples: RowList<TokenizedExample>): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { endToken } of examples) if (endToken !== undefined) found.add(endToken);
  return found;
}

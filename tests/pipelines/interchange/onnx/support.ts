/** Exported models in ONNX Runtime itself: sessions of the written files, as users open them. @module */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Tokenizer } from "@huggingface/tokenizers";
import { onnxFiles } from "../../../../pipelines/interchange/onnx/files.ts";
import * as ort from "../../../../pipelines/runtime/onnx_runtime.ts";

ort.env.logLevel = "error";

/** Rows of tokens as feeds of a model file. */
export interface Rows {
  /** Padding may have any id. */
  readonly tokens: readonly (readonly number[])[];
  /** 1 for a token of the past or the rows, 0 for padding. */
  readonly mask: readonly (readonly number[])[];
  /** One for each row; fed if the model has this input. */
  readonly promptLengths?: readonly number[];
}

/** Keys and values by their names in the file. */
export type Past = Readonly<Record<string, ort.Tensor>>;

/** Logits [row][token][vocabulary], and the past for the next rows. */
export interface Read {
  readonly logits: readonly (readonly Float32Array[])[];
  readonly past: Past;
}

/** An open session of a model file. */
export interface ExportedSession {
  readonly inputNames: readonly string[];
  /** Reads rows after a past, or from the start. */
  read(rows: Rows, past?: Past): Promise<Read>;
  close(): Promise<void>;
}

const integers = (rows: readonly (readonly number[])[]) =>
  new ort.Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]!.length]);

/** Opens the files that an export wrote. */
export async function openExported(folder: string): Promise<ExportedSession> {
  const session = await ort.InferenceSession.create(join(folder, onnxFiles.graph), { intraOpNumThreads: 1 });
  const { inputNames } = session;
  return {
    inputNames,
    async read({ tokens, mask, promptLengths }, past = emptyPast(session, tokens.length)) {
      const lengths = BigInt64Array.from(promptLengths ?? [], BigInt);
      const { logits, ...present } = await session.run({
        input_ids: integers(tokens),
        attention_mask: integers(mask),
        ...inputNames.includes("prompt_length")
          ? { prompt_length: new ort.Tensor("int64", lengths, [lengths.length]) }
          : {},
        ...past,
      });
      const [batch = 0, length = 0, vocabulary = 0] = logits!.dims, data = logits!.data as Float32Array;
      const at = (row: number, token: number) => (row * length + token) * vocabulary;
      return {
        logits: Array.from(
          { length: batch },
          (_, row) => Array.from({ length }, (_, token) => data.subarray(at(row, token), at(row, token) + vocabulary)),
        ),
        past: Object.fromEntries(
          Object.entries(present).map(([name, tensor]) => [name.replace("present", "past_key_values"), tensor]),
        ),
      };
    },
    close: () => session.release(),
  };
}

function emptyPast({ inputMetadata }: ort.InferenceSession, batch: number): Past {
  return Object.fromEntries(inputMetadata.flatMap((input) => {
    if (!input.isTensor || !input.name.startsWith("past_key_values.")) return [];
    const [, heads, , width] = input.shape as readonly number[];
    return [[input.name, new ort.Tensor("float32", new Float32Array(0), [batch, heads!, 0, width!])]];
  }));
}

/** The answers of an exported folder's own example code in this runtime to prompts or conversations. */
export async function answersInNode(
  folder: string,
  prompts: readonly (string | readonly object[])[],
  maxNewTokens: number,
): Promise<string[]> {
  const json = async (name: string) => JSON.parse(await Deno.readTextFile(join(folder, name)));
  const { generate } = await import(`${pathToFileURL(folder)}/generate.mjs`);
  const { conversationIds } = await import(`${pathToFileURL(folder)}/conversation.mjs`);
  const session = await ort.InferenceSession.create(join(folder, onnxFiles.graph), { intraOpNumThreads: 2 });
  const config = await json("tokenizer_config.json"), tokenizer = new Tokenizer(await json("tokenizer.json"), config);
  const { eos_token_id: endTokens } = await json("generation_config.json");
  const answers: string[] = [];
  for (const prompt of prompts) {
    const asked = typeof prompt === "string" ? prompt : conversationIds(tokenizer, config, prompt);
    answers.push(await generate({ session, Tensor: ort.Tensor, tokenizer, endTokens }, asked, maxNewTokens));
  }
  await session.release();
  return answers;
}

/** The mean negative log-likelihood, by an exported folder's files, of the tokens of completions with an end token. */
export async function lossInNode(
  folder: string,
  rows: readonly (readonly [prompt: string, completion: string])[],
): Promise<number> {
  const json = async (name: string) => JSON.parse(await Deno.readTextFile(join(folder, name)));
  const tokenizer = new Tokenizer(await json("tokenizer.json"), await json("tokenizer_config.json"));
  const { eos_token_id: endTokens } = await json("generation_config.json"), end = [endTokens].flat()[0];
  const session = await openExported(folder), losses: number[] = [];
  for (const [prompt, completion] of rows) {
    const start = tokenizer.encode(prompt).ids;
    const written = [...tokenizer.encode(completion, { add_special_tokens: false }).ids, end];
    const tokens = [[...start, ...written]], mask = tokens.map((row) => row.map(() => 1));
    const { logits: [logits] } = await session.read({ tokens, mask, promptLengths: [start.length] });
    written.forEach((token, at) => {
      const own = [...logits![start.length - 1 + at]!], most = Math.max(...own);
      losses.push(most + Math.log(own.reduce((sum, each) => sum + Math.exp(each - most), 0)) - own[token]!);
    });
  }
  await session.close();
  return losses.reduce((sum, each) => sum + each) / losses.length;
}

/**
 * Greedy decoding, beam search and sampled beams compared with transformers token for token, with prompts of different
 * lengths in one batch.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { baseModel, beam, beamSample, type DecodingSpec, evaluate, exactMatch, greedy, jsonl, pipeline } from "refract";
import { loadTokenizer } from "../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

const maxNewTokens = 24;

/** The decoding settings of make_generation.py. */
const ways: Readonly<Record<string, DecodingSpec>> = {
  ...Object.fromEntries(
    ([false, true, "never"] as const).flatMap((earlyStopping) =>
      [-1, 0, 1, 1.5].map((lengthPenalty) => [
        `early stopping ${earlyStopping}, length penalty ${lengthPenalty}`,
        beam({ maxNewTokens: 40, beams: 2, earlyStopping, lengthPenalty }),
      ])
    ),
  ),
  "greedy": greedy({ maxNewTokens }),
  "greedy with a repetition penalty": greedy({ maxNewTokens, repetitionPenalty: 1.3 }),
  "greedy without repeated trigrams": greedy({ maxNewTokens, noRepeatNgramSize: 3 }),
  "greedy with a repetition penalty, without repeated bigrams": greedy({
    maxNewTokens,
    repetitionPenalty: 1.1,
    noRepeatNgramSize: 2,
  }),
  "greedy with instruction tuning's limits": greedy({ maxNewTokens, repetitionPenalty: 1.1, noRepeatNgramSize: 5 }),
  "beam search without repeated bigrams": beam({ maxNewTokens, beams: 3, noRepeatNgramSize: 2 }),
  "drawn beams": beamSample({ maxNewTokens, beams: 3 }),
  "drawn beams of the likeliest": beamSample({
    maxNewTokens,
    beams: 4,
    temperature: 0.3,
    topK: 40,
    topP: 0.75,
    earlyStopping: true,
  }),
  "drawn beams of a few, without repeated bigrams": beamSample({
    maxNewTokens,
    beams: 2,
    topK: 5,
    noRepeatNgramSize: 2,
    lengthPenalty: 0.5,
  }),
  "beam search": beam({ maxNewTokens, beams: 4 }),
  "beam search with penalties": beam({ maxNewTokens, beams: 3, lengthPenalty: 0.5, repetitionPenalty: 1.2 }),
};

type Golden = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
const golden: Golden = JSON.parse(await Deno.readTextFile(new URL("../goldens/generation.json", import.meta.url)));

const shared = sharedFolder();

/** The folder of one of make_generation.py's models. */
async function folderOf(model: string, scratch: string): Promise<string> {
  if (model === "smollm2") return await smollm2Folder(shared!);
  const stories = join(shared!, "models", "stories260k");
  if (model === "stories260k") return stories;
  const folder = join(scratch, "model");
  await Deno.mkdir(folder);
  for await (const { name } of Deno.readDir(stories)) await Deno.symlink(join(stories, name), join(folder, name));
  const { eosTokenIds, encode } = await loadTokenizer(stories), fullStop = encode("a.").at(-1);
  const file = join(folder, "generation_config.json");
  await Deno.remove(file).catch(() => {});
  await Deno.writeTextFile(file, JSON.stringify({ eos_token_id: [...eosTokenIds, fullStop] }));
  return folder;
}

for (const [model, texts] of Object.entries(golden)) {
  for (const [way, expected] of Object.entries(texts)) {
    Deno.test({
      name: `${way} generates with ${model} what transformers generates`,
      ignore: shared === undefined,
      fn: () =>
        inFolder(async (scratch) => {
          const folder = await folderOf(model, scratch);
          const data = jsonl(join(shared!, "data", "multiarith.test.jsonl"), {
            prompt: "{instruction}\n",
            completion: "{answer}",
          });
          const [member] = await runIn(
            scratch,
            scratch,
            pipeline("generation", () => ({
              written: evaluate(baseModel(folder), {
                data: data.take(expected.length),
                decoding: ways[way]!,
                metrics: [exactMatch()],
                batchSize: expected.length,
              }),
            })),
          );
          const path = member!.stages.flatMap((stage) => (stage.kind === "evaluate" ? [stage.predictions] : []))[0]!;
          const lines = (await Deno.readTextFile(join(scratch, "out", path))).trimEnd().split("\n");
          assert.deepEqual(lines.map((line) => JSON.parse(line).prediction), expected);
        }),
    });
  }
}

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { Runtime } from "../../../../pipelines/runtime/runtime.ts";
import { assertOneLine, sharedModel } from "../support.ts";
import {
  continueGreedily,
  largestDifference,
  openFolder,
  openForward,
  placeOf,
  type RunNumbers,
} from "../support_forward.ts";

const goldens = new URL("../../../goldens/", import.meta.url);
const cases = [...Deno.readDirSync(new URL("llama/", goldens))].map(({ name }) => name).sort();
const threads = 1;

/** The output of make_llama.py: eight numbers per line, [state][row][line][8] and [row][line][8]. */
interface Expected {
  readonly inputIds: readonly (readonly number[])[];
  readonly attentionMask: readonly (readonly number[])[];
  readonly hiddenStates: readonly (readonly number[][][])[];
  readonly logits: readonly number[][][];
}

/** The output of make_stories260k.py for a sentence: [state][position][line][8] and [position][line][8]. */
interface Sentence {
  readonly text: string;
  readonly inputIds: readonly number[];
  readonly positions: readonly number[];
  readonly hiddenStates: readonly (readonly number[][][])[];
  readonly logits: readonly number[][][];
  readonly continuation: readonly number[];
}

function assertClose(found: ArrayLike<number>, expected: readonly number[], what: string): void {
  const difference = largestDifference(found, expected);
  assert.ok(difference <= 1e-4, `${what} differ by ${difference}`);
}

/** Compares consecutive runs with the expected values of whole rows. */
function assertRows(runs: readonly RunNumbers[], expected: Expected, rows: readonly number[]): void {
  const joined = (parts: readonly (Float32Array | undefined)[]) => parts.flatMap((part) => [...part ?? []]);
  rows.forEach((row, index) => {
    expected.hiddenStates.forEach((state, at) => {
      const found = joined(runs.map(({ hiddenStates }) => hiddenStates[at]?.[index]));
      assertClose(found, state[row]?.flat() ?? [], `Hidden states ${at} of row ${row}`);
    });
    const found = joined(runs.map(({ logits }) => logits[index]));
    assertClose(found, expected.logits[row]?.flat() ?? [], `Logits of row ${row}`);
  });
}

for (const name of cases) {
  Deno.test(`architecture.forward() matches transformers' hidden states and logits: ${name}`, async (test) => {
    const folder = fileURLToPath(new URL(`llama/${name}`, goldens));
    const model = await openFolder(folder);
    const expected: Expected = JSON.parse(await Deno.readTextFile(`${folder}/expected.json`));
    const tokens = expected.inputIds.map((ids, row) => ids.filter((_, at) => expected.attentionMask[row]?.[at] === 1));
    const wholeRow = (row: number) => ({ start: 0, tokens: tokens[row] as number[] });
    const rows = tokens.map((_, row) => row);
    using runtime = new Runtime({ threads });
    const whole = await openForward(runtime, model, ["tail"]);

    await test.step("each row alone", async () => {
      for (const row of rows) assertRows(await whole.run([[wholeRow(row)]]), expected, [row]);
    });
    await test.step("rows of different lengths in one batch", async () => {
      assertRows(await whole.run([rows.map(wholeRow)]), expected, rows);
    });
    await test.step("rows cut into context and tail", async () => {
      const split = await openForward(runtime, model, ["context", "tail"]);
      const context = (row: number, cut: number) => ({ start: 0, tokens: wholeRow(row).tokens.slice(0, cut) });
      const tail = (row: number, cut: number) => ({ start: cut, tokens: wholeRow(row).tokens.slice(cut) });
      assertRows(await split.run([[context(0, 5)], [tail(0, 5)]]), expected, [0]);
      const cuts = [7, 1];
      const both = [rows.map((row) => context(row, cuts[row]!)), rows.map((row) => tail(row, cuts[row]!))];
      assertRows(await split.run(both), expected, rows);
    });
  });

  Deno.test(`architecture.weights lists the tensors of the files: ${name}`, async () => {
    const { architecture, tensors } = await openFolder(fileURLToPath(new URL(`llama/${name}`, goldens)));
    const found = [...tensors.values()].map(({ name, shape }) => [name, shape]);
    assert.deepEqual(Object.fromEntries(architecture.weights), Object.fromEntries(found));
  });
}

Deno.test("stories260k matches transformers' ids, hidden states, logits and greedy continuations", async () => {
  const folder = await sharedModel("stories260k");
  if (folder === undefined) return;
  const sentences: readonly Sentence[] = JSON.parse(await Deno.readTextFile(new URL("stories260k.json", goldens)));
  const model = await openFolder(folder), tokenizer = await loadTokenizer(folder);
  using runtime = new Runtime({ threads });
  const forward = await openForward(runtime, model, ["tail"]);
  for (const { text, inputIds, positions, hiddenStates, logits, continuation } of sentences) {
    assert.deepEqual(tokenizer.encodePrompt(text), inputIds);
    const [found] = await forward.run([[{ start: 0, tokens: inputIds }]]);
    positions.forEach((position, index) => {
      hiddenStates.forEach((state, block) => {
        const own = placeOf(found?.hiddenStates[block]?.[0], inputIds.length, position);
        assertClose(own, state[index]?.flat() ?? [], `Hidden states ${block} at ${position} of "${text}"`);
      });
      const own = placeOf(found?.logits[0], inputIds.length, position);
      assertClose(own, logits[index]?.flat() ?? [], `Logits at ${position} of "${text}"`);
    });
    assert.deepEqual(await continueGreedily(forward, inputIds, continuation.length), continuation);
  }
});

const sound = {
  model_type: "llama",
  vocab_size: 64,
  hidden_size: 32,
  intermediate_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};

const gptNeo = { model_type: "gpt_neo", num_layers: 2, num_heads: 4, attention_types: [[["global"], -1]] };
const gptJ = { model_type: "gptj", n_embd: 32, n_layer: 2, n_head: 4, n_positions: 16 };

const refusals: readonly (readonly [Record<string, unknown>, RegExp])[] = [
  [{ model_type: "mamba" }, /"mamba" is not supported; known are llama, /],
  [{ model_type: "llamma" }, /"llamma" is not supported; did you mean "llama" \(known are llama, .*\)$/],
  [{ model_type: undefined }, /model_type null is not supported/],
  [{ hidden_size: undefined }, /hidden_size is missing where a positive number is expected/],
  [{ hidden_size: 30 }, /hidden_size 30 does not divide into 4 heads/],
  [{ num_key_value_heads: 3 }, /4 heads do not divide among 3 key-value heads/],
  [{ num_hidden_layers: 1.5 }, /num_hidden_layers is 1\.5 where a whole number is expected/],
  [{ num_hidden_layers: 1e9 }, /num_hidden_layers 1000000000 is more than the maximum of 1000/],
  [{ head_dim: 5 }, /head_dim 5 is odd/],
  [{ head_dim: 1e9 }, /head_dim 1000000000 is more than the maximum of 65536/],
  [{ num_attention_heads: 1e99, head_dim: 8 }, /num_attention_heads is 1e\+99 where a positive number is expected/],
  [
    { num_attention_heads: 1e20, head_dim: 8 },
    /num_attention_heads is 100000000000000000000 where a whole number is exp/,
  ],
  [{ rms_norm_eps: 1e99 }, /rms_norm_eps is 1e\+99 where a positive number is expected/],
  [{ partial_rotary_factor: 2 }, /partial_rotary_factor 2 is more than the whole head/],
  [
    { model_type: "mixtral", num_key_value_heads: 4, num_local_experts: 1e9 },
    /num_local_experts 1000000000 is more than the maximum of 1024/,
  ],
  [{ model_type: "bert", type_vocab_size: 0 }, /type_vocab_size is 0 where a positive number is expected/],
  [{ rms_norm_eps: 1e-300 }, /rms_norm_eps is 1e-300 where a positive number is expected/],
  [gptNeo, /attention_types does not name global or local for each of 2 blocks/],
  [{ ...gptJ, rotary_dim: 16 }, /rotary_dim 16 is more than a head's 8/],
  [{ hidden_act: "mish" }, /hidden_act is "mish" where silu or swish or gelu or .* is expected/],
  [{ attention_bias: 1 }, /attention_bias is 1 where true or false is expected/],
  [{ rope_scaling: 2 }, /rope_scaling is neither null nor an object/],
];

Deno.test("architectureOf() refuses unsupported and invalid configs", () => {
  assert.equal(architectureOf(new ConfigReader("config.json", sound)).heads.headWidth, 8);
  for (const [change, pattern] of refusals) {
    const build = () => architectureOf(new ConfigReader("config.json", { ...sound, ...change }));
    assert.throws(build, (error) => error instanceof RequestError && assertOneLine(error, pattern));
  }
});

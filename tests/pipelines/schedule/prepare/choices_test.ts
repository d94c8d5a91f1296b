import assert from "node:assert/strict";
import type { Row } from "../../../../pipelines/data/row.ts";
import { tokenize } from "../../../../pipelines/data/examples.ts";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import { choicesOf } from "../../../../pipelines/schedule/prepare/choices.ts";
import { inFolder } from "../../models/support.ts";
import { type Golden, readGolden, writeGolden } from "../../models/tokenization/support_tokenizers.ts";
import { inPreparedScene } from "../prepared.ts";

const place = { file: "rows.jsonl", line: 3 };
const rowOf = (prompt: string): Row => ({ kind: "completion", prompt, spans: {}, completion: "x", fields: {}, place });

async function inModel(name: string, test: (given: Awaited<ReturnType<typeof openModel>>) => void): Promise<void> {
  await inFolder(async (folder) => {
    await writeGolden(folder, await readGolden<Golden>(name));
    test(await openModel(folder));
  });
}

async function openModel(folder: string) {
  const tokenizer = await loadTokenizer(folder);
  const choose = (row: Row, options: readonly string[], contextLength: number, maxLength?: number) => {
    const model = { tokenizer, architecture: { contextLength } };
    const spec = {
      decoding: { kind: "choices" as const, end: false, options },
      metrics: [],
      ...maxLength === undefined ? {} : { maxLength },
    };
    const examples = tokenize([row], tokenizer, { maxContext: 1000 });
    return choicesOf(spec, [row], examples, model)!.at(0)!.map(({ example }) => example);
  };
  return { tokenizer, choose };
}

for (const name of ["llama_legacy", "gemma", "gpt2", "llama3"]) {
  Deno.test(`choices are encoded with the prompt as one text, and have the same prompt tokens: ${name}`, async () => {
    await inModel(name, ({ tokenizer, choose }) => {
      for (const prompt of ["Who is it?", "Who is it? ", "Who is it?\n", "Who is it?\n\n", "Who is i"]) {
        const options = ["dog", " dog", "  dogs", "\ndog", "t"], found = choose(rowOf(prompt), options, 100);
        found.forEach((example, at) => {
          const whole = [...tokenizer.around.before, ...tokenizer.encode(prompt + options[at])];
          assert.deepEqual([...example.prompt, ...example.completion], whole, JSON.stringify(prompt + options[at]));
          assert.deepEqual(example.prompt, found[0]!.prompt);
        });
        const unlike = new Set(found.map(({ completion }) => completion[0]));
        assert.ok(unlike.size > 1 || prompt.endsWith(" "), JSON.stringify(prompt));
      }
    });
  });
}

Deno.test("choices follow the encoded prompt if the two are tokenized apart", () =>
  inModel("llama_legacy", ({ tokenizer, choose }) => {
    const found = choose({ ...rowOf("Who? "), tokenization: "apart" }, ["dog", " dog"], 100);
    assert.deepEqual(found.map(({ prompt }) => prompt), ["", ""].map(() => tokenizer.encodePrompt("Who? ")));
    assert.deepEqual(found.map(({ completion }) => completion), ["dog", " dog"].map(tokenizer.encode));
  }));

Deno.test("choices that do not fit name maxLength, which cuts the prompt after its special tokens", () =>
  inModel("llama_legacy", ({ tokenizer, choose }) => {
    const row = rowOf("Who is it that lives in the old house?\n"), options = ["dog", "two dogs"];
    assert.throws(
      () => choose(row, options, 12),
      /^RequestError: rows.jsonl:3: the choice "dog" .*maxLength of evaluate/,
    );
    const [one, other] = choose(row, options, 12, 12), whole = tokenizer.encodePrompt(row.prompt);
    assert.deepEqual(one!.prompt, other!.prompt);
    assert.equal(other!.prompt.length + other!.completion.length, 12);
    assert.deepEqual(one!.prompt, [whole[0], ...whole.slice(1 - one!.prompt.length)]);
  }));

const stagesOf = (options: string) =>
  `{ tuned: evaluate(base, { data: rows, metrics, decoding: choices(${options}) }) }`;

Deno.test("the choices of each row are a list for all, or the row's own", async () => {
  await inPreparedScene({ stages: stagesOf(`["sits", "no"]`) }, ({ members: [member] }) => {
    const [stage] = member!.stages;
    assert.ok(stage?.kind === "evaluate");
    assert.deepEqual(stage.choices?.at(0)?.map(({ text }) => text), ["sits", "no"]);
    assert.ok(stage.choices.every((each) => each.every(({ example }) => example.completion.length > 0)));
  });
  await inPreparedScene({ stages: stagesOf(`"options"`) }, ({ members: [member] }) => {
    const [stage] = member!.stages;
    assert.ok(stage?.kind === "evaluate");
    assert.deepEqual(stage.choices?.at(1)?.map(({ text }) => text), ["flies", "sleeps"]);
  });
});

Deno.test("choices that a row lacks are refused at the row", () =>
  assert.rejects(
    inPreparedScene({ stages: stagesOf(`"option"`) }, () => {}),
    /rows\.jsonl:1: the row has no field "option", which choices names; did you mean "options"/,
  ));

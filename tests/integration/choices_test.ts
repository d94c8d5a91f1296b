/**
 * Choices scored on SmolLM2, compared with lm-evaluation-harness 0.4.13: each log-likelihood within 1e-4, and acc,
 * acc_norm, acc_bytes and acc_mutual_info equal. REFRACT_LM_EVAL_PYTHON names a Python that has lm_eval, torch and
 * transformers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accuracy, baseModel, choices, evaluate, jsonl, metric, pipeline } from "refract";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import type { Prediction } from "../../pipelines/metrics/prediction.ts";
import type { EvaluateRecord } from "../../pipelines/results/results.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

const shared = sharedFolder(), python = Deno.env.get("REFRACT_LM_EVAL_PYTHON");
if (python === undefined) console.log("REFRACT_LM_EVAL_PYTHON is not set: lm-evaluation-harness is not compared with");

/** The harness's results for a file of rows. */
interface Scored {
  /** The scores of a row's choices, followed by those of the choices alone. */
  readonly scores: readonly (readonly number[])[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** The output of choices_peer.py. */
interface Peer {
  readonly questions: Scored;
  readonly contexts: Scored;
  readonly documents: readonly (readonly number[])[];
}

const asked = (question: string, answer: string, ...options: string[]) => ({ question, answer, options });

/** Choices of different lengths in characters and in bytes, one of which is a prefix of another. */
const questions = [
  asked("Question: What do bees make?\nAnswer: ", "honey", "milk", "honey", "a kind of paper that is very thin"),
  asked("Question: Is the sun a star?\nAnswer: ", "yes", "no", "yes"),
  asked("Question: Which is the capital of France?\nAnswer: ", "Paris", "Lyon", "Paris", "Paris, Texas", "Marseille"),
  asked("Question: What is the opposite of hot?\nAnswer: ", "cold", "cold", "warm", "cold and wet and windy", "hot"),
  asked("The children went outside because ", "it was sunny", "it was sunny", "the walls were green", "of"),
  asked("Frage: Wie heißt die Hauptstadt von Österreich?\nAntwort: ", "Wien", "Zürich", "Köln", "Wien", "Düsseldorf"),
  asked("Question: What is 2 + 2?\nAnswer: ", "4", "3", "4", "22", "four"),
  asked("Q: 日本の首都は?\nA: ", "東京", "東京", "大阪", "京都市"),
  asked("Question: Which one barks?\nAnswer: ", "a dog", "a cat", "a dog", "a dog", "the bark of a tree"),
  asked("Question: How do fish breathe?\nAnswer: ", "through gills", "through gills", "with lungs", "they do not"),
  asked("My favourite colour is ", "blue", "blue", "red", "green 🟢", "ultramarine"),
  asked("Question: What melts in the sun?\nAnswer: ", "ice", "stone", "ice", "ice cream that was left outside"),
];

const followed = (question: string, answer: string, other: string, rest: string) => {
  return { question, answer, options: [answer, other].sort(), rest };
};

/** One context for each choice, as in WinoGrande. */
const contexts = [
  followed("Sarah was a much better surgeon than Maria so ", "Maria", "Sarah", " always got the easier cases."),
  followed("The trophy does not fit in the suitcase because the ", "trophy", "suitcase", " is too big."),
  followed("Ian volunteered to eat Dennis's menudo after ", "Ian", "Dennis", " said that he liked it."),
  followed("Emma put the milk in the fridge and the ", "milk", "fridge", " stayed cold."),
];

/** A document of one of the harness's tasks: contexts with their continuations. */
interface Document {
  readonly requests: readonly (readonly [context: string, continuation: string])[];
  readonly choices: readonly string[];
}

/** The documents of nine tasks whose choices follow one context. */
async function documentsOf(folder: string): Promise<readonly Document[]> {
  const golden = await Deno.readTextFile(join(folder, "tasks", "goldens", "lm_eval.json"));
  const { tasks }: { readonly tasks: Readonly<Record<string, { readonly docs: readonly Document[] }>> } = JSON.parse(
    golden,
  );
  return Object.values(tasks).flatMap(({ docs }) => docs).filter(({ requests }) => {
    return new Set(requests.map(([context]) => context)).size === 1;
  });
}

Deno.test({
  name: "choices on SmolLM2 have lm-evaluation-harness's log-likelihoods, picks and accuracies",
  ignore: shared === undefined || python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const model = await smollm2Folder(shared!), documents = await documentsOf(shared!);
      const files = await Promise.all(
        [questions, contexts, documents.map(({ requests }) => requests)].map(async (rows, at) => {
          const path = join(folder, `${at}.jsonl`);
          await Deno.writeTextFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
          return path;
        }),
      );
      const asPrompts = documents.map(({ requests, choices }) => ({ prompt: `${requests[0]![0]} `, options: choices }));
      await Deno.writeTextFile(join(folder, "3.jsonl"), asPrompts.map((row) => `${JSON.stringify(row)}\n`).join(""));
      const script = fileURLToPath(new URL("choices_peer.py", import.meta.url));
      const { success, stdout, stderr } = await new Deno.Command(python!, { args: [script, model, ...files] }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const peer: Peer = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);

      const template = { prompt: "{question}", completion: "{answer}" }, base = baseModel(model);
      const [member] = await runIn(
        folder,
        folder,
        pipeline("choices", () => ({
          questions: evaluate(base, {
            data: jsonl("./0.jsonl", template),
            decoding: choices("options", { end: false }),
            metrics: [
              accuracy({ name: "acc" }),
              accuracy({ name: "acc_norm", by: "character" }),
              accuracy({ name: "acc_bytes", by: "byte" }),
              accuracy({ name: "acc_mutual_info", by: "mutualInformation" }),
            ],
          }),
          contexts: evaluate(base, {
            data: jsonl("./1.jsonl", template),
            decoding: choices("options", { end: false, continuation: "{rest}" }),
            metrics: [accuracy({ name: "acc" })],
          }),
          documents: evaluate(base, {
            data: jsonl("./3.jsonl", { prompt: "{prompt}", completion: "{options}" }),
            decoding: choices("options", { end: false }),
            metrics: [metric("length", { measure: (choice) => choice.length })],
          }),
        })),
      );
      const [ofQuestions, ofContexts, ofDocuments] = ofKind(member!.stages, "evaluate");
      const worst = await Promise.all([
        assertScores(folder, peer.questions.scores, ofQuestions!),
        assertScores(folder, peer.contexts.scores, ofContexts!),
        assertScores(folder, peer.documents, ofDocuments!),
      ]);
      for (const [stage, { metrics }] of [[ofQuestions!, peer.questions], [ofContexts!, peer.contexts]] as const) {
        for (const [name, value] of Object.entries(stage.metrics)) assert.equal(value, metrics[name], name);
      }
      const count = [peer.questions.scores, peer.contexts.scores, peer.documents].flat(2).length;
      console.log(`${count} log-likelihoods, the largest difference ${Math.max(...worst).toExponential(1)}`);
    }),
});

/** Asserts that an evaluation has the harness's log-likelihoods and picks, and returns the largest difference. */
async function assertScores(
  folder: string,
  expected: readonly (readonly number[])[],
  { predictions }: EvaluateRecord,
): Promise<number> {
  const lines = (await Deno.readTextFile(join(folder, "out", predictions))).trim().split("\n");
  const differences = lines.flatMap((line, row) => {
    const { choices = [], scores = [], unconditionalScores = [], prediction }: Prediction = JSON.parse(line);
    const all = [...scores, ...unconditionalScores], own = expected[row]!.slice(0, choices.length);
    assert.equal(all.length, expected[row]!.length, `the number of scores of row ${row + 1}`);
    assert.equal(prediction, choices[own.indexOf(Math.max(...own))], `the choice of row ${row + 1}`);
    return all.map((score, at) => Math.abs(score - expected[row]![at]!));
  });
  const worst = Math.max(...differences);
  assert.ok(worst <= 1e-4, `a log-likelihood is ${worst} off`);
  return worst;
}

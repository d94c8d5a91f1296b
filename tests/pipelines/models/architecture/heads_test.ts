import assert from "node:assert/strict";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { readHead, requireLogits } from "../../../../pipelines/models/architecture/heads.ts";
import { assertOneLine } from "../support.ts";

const fields = {
  model_type: "llama",
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 8,
  vocab_size: 10,
};
const configOf = (more: Readonly<Record<string, unknown>>) => new ConfigReader("config.json", { ...fields, ...more });
const architectureWith = (more: Readonly<Record<string, unknown>>) => architectureOf(configOf(more));
const scored = { family: "llama", classifier: { pooled: "last", scores: (rows: never) => rows } } as const;
const named = (name: string, more = {}) => readHead(configOf({ architectures: [name], ...more }), scored);

Deno.test("a checkpoint's head is determined by the class that its config names", () => {
  assert.equal(readHead(configOf({}), scored), "language");
  for (const name of ["LlamaForCausalLM", "GPT2LMHeadModel", "BertForMaskedLM", "BertForPreTraining"]) {
    assert.equal(named(name), "language", name);
  }
  for (const name of ["LlamaModel", "BertModel", "BertForTokenClassification", "BertForQuestionAnswering"]) {
    assert.equal(named(name), undefined, name);
  }
});

Deno.test("a classifier has as many classes as its config says", () => {
  const name = "LlamaForSequenceClassification";
  assert.deepEqual(named(name), { classes: 2 });
  assert.deepEqual(named(name, { id2label: { 0: "no", 1: "maybe", 2: "yes" } }), { classes: 3 });
  assert.deepEqual(named(name, { num_labels: 1 }), { classes: 1 });
});

Deno.test("a config with invalid heads is refused in one line", () => {
  const refused = (more: Readonly<Record<string, unknown>>, pattern: RegExp) =>
    assert.throws(() => readHead(configOf(more), scored), (error) => assertOneLine(error, pattern));
  refused({ architectures: "LlamaModel" }, /architectures is not a list of names/);
  refused({ architectures: ["LlamaForSequenceClassification"], id2label: 3 }, /id2label is not an object/);
  assert.throws(
    () => readHead(configOf({ architectures: ["LlamaForSequenceClassification"] }), { family: "llama" }),
    (error) => assertOneLine(error, /llama has no known head that scores classes/),
  );
});

Deno.test("only the weights of the checkpoint's head are requested", () => {
  const heads = (more: Readonly<Record<string, unknown>>) =>
    [...architectureWith(more).weights.keys()].filter((name) => !name.startsWith("model."));
  assert.deepEqual(heads({}), ["lm_head.weight"]);
  assert.deepEqual(heads({ architectures: ["LlamaModel"] }), []);
  const { weights } = architectureWith({ architectures: ["LlamaForSequenceClassification"], num_labels: 3 });
  assert.deepEqual(weights.get("score.weight"), [3, 8]);
  assert.equal(weights.has("lm_head.weight"), false);
});

Deno.test("a model that can't generate text reports why", () => {
  const refused = (more: Readonly<Record<string, unknown>>, pattern: RegExp) =>
    assert.throws(() => requireLogits(architectureWith(more)), (error) => assertOneLine(error, pattern));
  refused({ architectures: ["LlamaModel"] }, /llama checkpoint has no head, but one that predicts tokens is needed/);
  refused({ architectures: ["LlamaForSequenceClassification"] }, /has a head that scores classes/);
  refused({ model_type: "bert" }, /bert model is bidirectional/);
  assert.ok(requireLogits(architectureWith({})));
});

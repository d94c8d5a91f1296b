import assert from "node:assert/strict";
import { storedName } from "../../../../pipelines/models/weights/stored_names.ts";

Deno.test("a weight is found under its own name before any other", () => {
  const stored = new Set([
    "bert.a.LayerNorm.weight",
    "a.LayerNorm.gamma",
    "bert.b.LayerNorm.beta",
    "a.LayerNorm.weight",
  ]);
  assert.equal(storedName("bert.a.LayerNorm.weight", stored, "bert."), "bert.a.LayerNorm.weight");
  assert.equal(storedName("bert.b.LayerNorm.bias", stored, "bert."), "bert.b.LayerNorm.beta");
  assert.equal(storedName("bert.c.weight", stored, "bert."), undefined);
});

Deno.test("a bare model's files omit the prefix of its names", () => {
  const stored = new Set(["a.LayerNorm.gamma", "b.weight"]);
  assert.equal(storedName("bert.a.LayerNorm.weight", stored, "bert."), "a.LayerNorm.gamma");
  assert.equal(storedName("bert.b.weight", stored, "bert."), "b.weight");
  assert.equal(storedName("bert.b.weight", stored, ""), undefined);
});

Deno.test("DeBERTa's published head has its own names", () => {
  const parts = ["dense.weight", "LayerNorm.bias", "bias"].map((part) => `lm_predictions.lm_head.${part}`);
  const asked = ["transform.dense.weight", "transform.LayerNorm.bias", "bias"];
  const found = asked.map((part) => storedName(`cls.predictions.${part}`, new Set(parts), "deberta."));
  assert.deepEqual(found, parts);
});

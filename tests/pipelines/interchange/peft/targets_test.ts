/** Python's patterns in adapter_config.json. @module */
import assert from "node:assert/strict";
import { byPattern, pythonPattern } from "../../../../pipelines/interchange/peft/targets.ts";

/** A pattern, texts that Python's `re.fullmatch` finds it in, and texts that it does not. */
const patterns: readonly (readonly [pattern: string, found: readonly string[], other: readonly string[]])[] = [
  [String.raw`.*\.(q|v)_proj`, ["a.q_proj"], ["a.k_proj", "q_proj"]],
  [String.raw`.*\.q_proj\Z`, ["a.q_proj"], ["a.q_projZ"]],
  [String.raw`\Amodel\..*`, ["model.x"], ["Amodel.x"]],
  [String.raw`(?i).*\.Q_PROJ`, ["a.q_proj"], ["a.k_proj"]],
  [String.raw`(?P<name>q|k)_(?P=name)`, ["q_q", "k_k"], ["q_k"]],
  [String.raw`.*\_proj\-\#1`, ["q_proj-#1"], ["q_proj"]],
  [String.raw`[\-\.]+`, ["-."], ["a"]],
  [String.raw`layers\.\d+\.\w+$`, ["layers.10.mlp"], ["layers.x.mlp"]],
];

Deno.test("pythonPattern() finds what Python's re finds", () => {
  for (const [pattern, found, others] of patterns) {
    const made = pythonPattern(pattern, "target_modules");
    assert.deepEqual(found.filter((text) => !made.test(text)), [], pattern);
    assert.deepEqual(others.filter((text) => made.test(text)), [], pattern);
  }
});

Deno.test("pythonPattern() refuses what JavaScript lacks or reads otherwise", () => {
  for (const pattern of ["(?>q)", "q++", "(?x) q", "a{,3}", String.raw`\Q`, "(?#note)q", "(", "q(?i)"]) {
    assert.throws(
      () => pythonPattern(pattern, "target_modules"),
      /which is not supported; list names instead$/,
      pattern,
    );
  }
});

Deno.test("byPattern() matches the end of a path, as peft does", () => {
  const ranks = new Map([["down_proj", 2], [String.raw`model\.layers\.[01]\.self_attn\.q_proj`, 8], ["^q_proj", 3]]);
  const of = (path: string) => byPattern(path, ranks);
  assert.deepEqual(["model.layers.4.mlp.down_proj", "model.layers.1.self_attn.q_proj", "q_proj"].map(of), [2, 8, 3]);
  assert.deepEqual(["model.layers.2.self_attn.q_proj", "xdown_proj"].map(of), [undefined, undefined]);
});

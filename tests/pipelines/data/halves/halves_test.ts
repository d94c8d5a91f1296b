/** Halves of validation sets compared with those that torch and the library datasets draw. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { halvesOf } from "../../../../pipelines/data/halves/halves.ts";
import { sharedFolder } from "../../../support/shared.ts";

const shared = sharedFolder();

Deno.test("halvesOf() splits rows as torch and datasets do", () => {
  // torch.random.manual_seed(42); torch.randperm(10)
  const { test, validation } = halvesOf("torch", 10, 42);
  assert.deepEqual([...test, ...validation], [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
  assert.equal(test.length, 5);
  // numpy.random.default_rng(42).permutation(10), whose first rows are held out
  const drawn = (seed: number) => {
    const { test, validation } = halvesOf("datasets", 10, seed);
    return [...validation, ...test];
  };
  assert.deepEqual(drawn(42), [5, 6, 0, 7, 3, 2, 4, 9, 1, 8]);
  assert.deepEqual(drawn(0), [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]);
  assert.deepEqual(drawn(2 ** 32 - 1), [0, 1, 4, 8, 3, 7, 5, 6, 2, 9]);
});

Deno.test("halvesOf() holds out a thousand rows of a large set for validation, and tests on the larger half", () => {
  assert.deepEqual(lengths(5001), [4001, 1000]);
  assert.deepEqual(lengths(5000), [2500, 2500]);
  assert.deepEqual(lengths(277), [139, 138]);
  assert.deepEqual(lengths(1), [1, 0]);
});

function lengths(count: number): number[] {
  const [one, other] = (["torch", "datasets"] as const).map((rule) => {
    const { test, validation } = halvesOf(rule, count, 1);
    return [test.length, validation.length];
  });
  assert.deepEqual(one, other);
  return one!;
}

/** The drawn rows: all of a small set, else the first, and their digests; `original` are drawn by the paper's code. */
type Drawn =
  & { readonly rows: number; readonly seed: number }
  & Readonly<Record<`${"" | "original_"}${"test" | "valid"}`, readonly number[]>>
  & Readonly<Record<`${"" | "original_"}${"test" | "valid"}_sha256`, string>>;

Deno.test({
  name: "halvesOf() splits GLUE's validation sets as pyreft and the paper's own code do",
  ignore: shared === undefined,
  async fn() {
    const text = await Deno.readTextFile(join(shared!, "tasks", "goldens", "glue_splits.json"));
    const { cases }: { readonly cases: readonly Drawn[] } = JSON.parse(text);
    const digest = (rows: readonly number[]) => createHash("sha256").update(rows.join(",")).digest("hex");
    assert.ok(cases.length >= 20);
    for (const each of cases) {
      for (const [rule, by] of [["torch", ""], ["datasets", "original_"]] as const) {
        const halves = halvesOf(rule, each.rows, each.seed);
        for (const [half, name] of [["test", `${by}test`], ["validation", `${by}valid`]] as const) {
          assert.deepEqual(halves[half].slice(0, each[name].length), each[name]);
          assert.equal(digest(halves[half]), each[`${name}_sha256`]);
        }
      }
    }
  },
});

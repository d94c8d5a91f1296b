/** Halves of validation sets against those that torch draws. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { torchHalves } from "../../../pipelines/data/torch_halves.ts";
import { sharedFolder } from "../../support/shared.ts";

const shared = sharedFolder();

Deno.test("torchHalves() parts rows as torch does", () => {
  // torch.random.manual_seed(42); torch.randperm(10)
  const { test, validation } = torchHalves(10, 42);
  assert.deepEqual([...test, ...validation], [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
  assert.equal(test.length, 5);
});

Deno.test("torchHalves() gives a thousand rows of a large set to the part that chooses, and the larger half is tested", () => {
  assert.deepEqual(lengths(5001), [4001, 1000]);
  assert.deepEqual(lengths(5000), [2500, 2500]);
  assert.deepEqual(lengths(277), [139, 138]);
  assert.deepEqual(lengths(1), [1, 0]);
});

function lengths(count: number): number[] {
  const { test, validation } = torchHalves(count, 1);
  return [test.length, validation.length];
}

/** What pyreft drew: the lists of small sets, else their first rows, and the digest of each. */
interface Drawn {
  readonly rows: number;
  readonly seed: number;
  readonly test: readonly number[];
  readonly valid: readonly number[];
  readonly test_sha256: string;
  readonly valid_sha256: string;
}

Deno.test({
  name: "torchHalves() parts GLUE's validation sets as pyreft does",
  ignore: shared === undefined,
  async fn() {
    const text = await Deno.readTextFile(join(shared!, "tasks", "goldens", "glue_splits.json"));
    const { cases }: { readonly cases: readonly Drawn[] } = JSON.parse(text);
    const digest = (rows: readonly number[]) => createHash("sha256").update(rows.join(",")).digest("hex");
    assert.ok(cases.length >= 20);
    for (const { rows, seed, test, valid, test_sha256, valid_sha256 } of cases) {
      const halves = torchHalves(rows, seed);
      assert.deepEqual(halves.test.slice(0, test.length), test);
      assert.deepEqual(halves.validation.slice(0, valid.length), valid);
      assert.deepEqual([halves.test, halves.validation].map(digest), [test_sha256, valid_sha256]);
    }
  },
});

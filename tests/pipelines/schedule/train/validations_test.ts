/** Which validation is the best, and when patience ends a training, as in transformers' Trainer. @module */
import assert from "node:assert/strict";
import { exactMatch, loss } from "refract";
import type { PreparedTraining } from "../../../../pipelines/schedule/prepare/prepared.ts";
import { bestOf, isOutOfPatience } from "../../../../pipelines/schedule/train/validations.ts";

/** A training of 10 steps per epoch that is validated after each. */
const training = (best: ReturnType<typeof loss>, patience?: number) =>
  ({ validation: { best, interval: 10 }, spec: patience === undefined ? {} : { patience } }) as PreparedTraining;
const recordsOf = (name: string, values: readonly number[]) =>
  values.map((value, at) => ({ step: 10 * (at + 1), metrics: { [name]: value } }));

Deno.test("a validation is the best only if it is better than all before it, and not if it equals the best", () => {
  const lower = training(loss()), higher = training(exactMatch());
  assert.equal(bestOf(lower, recordsOf("loss", [2, 1, 1, 1.5])), 1);
  assert.equal(bestOf(lower, recordsOf("loss", [1, 1, 1])), 0);
  assert.equal(bestOf(higher, recordsOf("exactMatch", [0, 0, 0.5, 0.5, 0.25])), 2);
  assert.equal(bestOf(higher, recordsOf("exactMatch", [0, 0])), 0);
  assert.equal(bestOf(higher, []), -1);
});

Deno.test("patience counts validations without improvement, including equal ones", () => {
  const endsAt = (patience: number | undefined, values: readonly number[]) => {
    const records = recordsOf("loss", values);
    const at = values.findIndex((_, at) => isOutOfPatience(training(loss(), patience), records.slice(0, at + 1)));
    return at < 0 ? undefined : at + 1;
  };
  assert.equal(endsAt(1, [3, 2, 2, 1]), 3);
  assert.equal(endsAt(1, [3, 2, 1, 0]), undefined);
  assert.equal(endsAt(2, [3, 2, 2.5, 1, 1, 1, 1]), 6);
  assert.equal(endsAt(3, [1, 1, 1]), undefined);
  assert.equal(endsAt(3, [1, 1, 1, 1]), 4);
  assert.equal(endsAt(undefined, [1, 2, 3, 4]), undefined);
});

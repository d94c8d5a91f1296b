import assert from "node:assert/strict";
import { PendingChecks } from "../../../pipelines/common/pending_checks.ts";

Deno.test("PendingChecks run one after another, and settle once all are done", async () => {
  using checks = new PendingChecks();
  const done: number[] = [];
  const check = (at: number) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 5 - at));
    done.push(at);
    if (at === 1) checks.begin(check(2));
  };
  checks.begin(check(0));
  checks.begin(check(1));
  await checks.settled();
  assert.deepEqual(done, [0, 1, 2]);
  await checks.settled();
});

Deno.test("PendingChecks pass the first failure to all waiters and as the signal's reason", async () => {
  using checks = new PendingChecks();
  const [first, second] = [new Error("first"), new Error("second")];
  for (const fault of [first, second]) checks.begin(() => Promise.reject(fault));
  await assert.rejects(checks.settled(), first);
  await assert.rejects(checks.settled(), first);
  assert.equal(checks.signal.reason, first);
});

Deno.test("disposed PendingChecks stop, and no longer fail", async () => {
  const checks = new PendingChecks();
  let ran = 0;
  checks.begin((signal) =>
    new Promise((_, reject) => {
      ran++;
      signal.addEventListener("abort", () => reject(new Error("ended")));
    })
  );
  checks.begin(() => Promise.resolve(void ran++));
  await Promise.resolve();
  checks[Symbol.dispose]();
  await checks.settled();
  assert.equal(ran, 1);
});

import assert from "node:assert/strict";
import { comparedSettings } from "../../../../pipelines/report/page/compared_settings.ts";
import { memberView } from "./support.ts";

Deno.test("comparedSettings() has the settings of either member, and which are equal", () => {
  const first = memberView("a", { settings: { "train tuned edit.rank": 1, "train tuned seed": 42 } });
  const second = memberView("b", {
    settings: { "train tuned edit.rank": 4, "train tuned seed": 42, "train tuned keep": "best" },
  });
  assert.deepEqual(comparedSettings(first, second), [
    { name: "train tuned edit.rank", first: "1", second: "4", isEqual: false },
    { name: "train tuned seed", first: "42", second: "42", isEqual: true },
    { name: "train tuned keep", first: "", second: "best", isEqual: false },
  ]);
});

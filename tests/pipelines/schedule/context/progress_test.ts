import assert from "node:assert/strict";
import { bytesProgress, type Progress } from "../../../../pipelines/schedule/context/progress.ts";

Deno.test("bytesProgress() shows one stage for each file", () => {
  const shown: string[] = [];
  const progress: Progress = {
    begin: (label, total, unit) => {
      shown.push(`${label} ${total} ${unit}`);
      return (done, note) => void shown.push(`${done} ${note}`);
    },
    warn: () => {},
  };
  const show = bytesProgress(progress, "download");
  show(1, 3, "a.json");
  show(3, 3, "a.json");
  show(3, 3, "b.json");
  assert.deepEqual(shown, ["download 3 bytes", "1 a.json", "3 a.json", "download 3 bytes", "3 b.json"]);
});

/** What the tasks of deno.json permit. @module */
import assert from "node:assert/strict";
import { readEnvironment } from "../../../pipelines/models/hub/access.ts";

Deno.test("tasks that may see a token of the hub see all that says how the hub is reached", async () => {
  const { tasks }: { tasks: Readonly<Record<string, { readonly command: string }>> } = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  const permitted = Object.entries(tasks).map(([task, { command }]) =>
    [task, /--allow-env=(\S+)/.exec(command)?.[1]?.split(",") ?? []] as const
  ).filter(([, names]) => names.includes("HF_TOKEN"));
  assert.ok(permitted.some(([task]) => task === "activations"));
  for (const [task, names] of permitted) {
    assert.deepEqual(Object.keys(readEnvironment()).filter((name) => !names.includes(name)), [], task);
  }
});

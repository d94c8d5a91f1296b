/**
 * Common mistakes in pipelines. An invalid request ends in one line with its location, what was found and what to
 * write; a legal one that is rarely intended is noted once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { calls } from "./mistakes/calls.ts";
import { names } from "./mistakes/names.ts";
import { notes } from "./mistakes/notes.ts";
import { outcomes } from "./mistakes/outcomes.ts";
import { paths } from "./mistakes/paths.ts";
import { permissions } from "./mistakes/permissions.ts";
import { results } from "./mistakes/results.ts";
import { MistakesFolder } from "./mistakes/scene.ts";
import { sweeps } from "./mistakes/sweeps.ts";
import { templates } from "./mistakes/templates.ts";
import { values } from "./mistakes/values.ts";

let folder: MistakesFolder;

Deno.test.beforeAll(async () => {
  folder = await MistakesFolder.make();
});
Deno.test.afterAll(() => folder[Symbol.asyncDispose]());

const groups = { paths, calls, names, values, sweeps, results, permissions, templates };

for (const [group, mistakes] of Object.entries(groups)) {
  for (const [name, parts, line] of mistakes) {
    Deno.test(`a mistake of ${group} ends in one line: ${name}`, async () => {
      const { code, stdout, stderr } = await folder.plan(parts);
      assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: "", stderr: `error: ${line}\n` });
    });
  }
}

/** The notes of a command, in order. */
const notesOf = (stderr: string) => {
  return stderr.split("\n").filter((line) => line.startsWith("note: ")).map((line) => line.slice("note: ".length));
};

for (const [name, parts, lines] of notes) {
  Deno.test(`a rarely intended setting is noted before a run: ${name}`, async () => {
    const { code, stderr } = await folder.plan(parts);
    assert.deepEqual({ code, notes: notesOf(stderr) }, { code: 0, notes: lines }, stderr);
  });
}

for (const [name, parts, lines] of outcomes) {
  Deno.test(`an uninformative result is noted at the end of a run: ${name}`, async () => {
    const { code, stderr } = await folder.plan(parts, "run");
    assert.deepEqual({ code, notes: notesOf(stderr) }, { code: 0, notes: lines }, stderr);
  });
}

/** Files that Refract wrote and a disk changed: each is made again, or refused by its name, and never silently other. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcess, treeOf } from "../support/command.ts";
import { leftBehind } from "../support/left_behind.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { type Choices, choicesOf, countOf, seed, tell } from "./support/form.ts";
import { makeWorkplace, putBack } from "./support/workplace.ts";

/** What happens to a file's bytes; undefined if it is gone. */
type Damage = (bytes: Uint8Array<ArrayBuffer>, choices: Choices) => Uint8Array<ArrayBuffer> | undefined;

const changed = (bytes: Uint8Array<ArrayBuffer>, change: (copy: Uint8Array<ArrayBuffer>) => void) => {
  const copy = bytes.slice();
  change(copy);
  return copy;
};

const damages: Readonly<Record<string, Damage>> = {
  "a bit flipped": (bytes, { below }) => changed(bytes, (copy) => copy[below(copy.length)]! ^= 1 << below(8)),
  "a block zeroed": (bytes, { below }) => changed(bytes, (copy) => void copy.fill(0, below(copy.length))),
  "all of it zeroed": (bytes) => new Uint8Array(bytes.length),
  "cut short": (bytes, { below }) => bytes.slice(0, below(bytes.length)),
  "emptied": () => new Uint8Array(),
  "longer": (bytes, { below }) =>
    new Uint8Array([...bytes, ...Array.from({ length: 1 + below(64) }, () => below(256))]),
  "with noise in it": (bytes, { below }) =>
    changed(bytes, (copy) => {
      const from = below(copy.length);
      for (let at = from; at < Math.min(copy.length, from + 32); at++) copy[at] = below(256);
    }),
  "gone": () => undefined,
};

/** Files, and the command that reads them. */
interface Reading {
  readonly files: RegExp;
  readonly args: (root: string) => readonly string[];
  /** What it makes, from the root. */
  readonly makes: string;
}

const readings: Readonly<Record<string, Reading>> = {
  "the store": {
    files: /^store\/(?!.*\.lock$).*[^/]$/,
    args: (root) => [
      ...["run", join(root, "loreft.ts"), "--threads", "1"],
      ...["--out", join(root, "again"), "--store", join(root, "store")],
    ],
    makes: "again",
  },
  "a trained edit": {
    files: /^edited\/members\/.*\/intervention\/[^/]+$/,
    args: (root) => ["export", join(root, "edited"), "--to", "pyreft", "--out", join(root, "pyreft")],
    makes: "pyreft",
  },
  "a trained adapter": {
    files: /^adapted\/members\/.*\/intervention\/[^/]+$/,
    args: (root) => ["merge", join(root, "adapted"), "--out", join(root, "merged")],
    makes: "merged",
  },
  "an exported state": {
    files: /^exported\/.*\.bin$/,
    args: (root) => [
      ...["import", join(root, "exported"), "--model", "builtin:tiny", "--positions", "l1"],
      ...["--out", join(root, "imported")],
    ],
    makes: "imported",
  },
};

Deno.test("a damaged file is made again or refused by name, and nothing that comes of it is silently other", () =>
  inFolder(async (folder) => {
    const root = join(folder, "place"), template = join(folder, "template"), choices = choicesOf(seed);
    await makeWorkplace(root, async (args) => {
      const { code, stderr } = await inProcess(...args);
      assert.equal(code, 0, stderr);
    });
    await putBack(root, template);
    const cases: { readonly of: string; readonly file: string; readonly expected: object }[] = [];
    for (const [of, { files, args, makes }] of Object.entries(readings)) {
      await putBack(template, root);
      const there = treeOf(root).filter((path) => files.test(path));
      assert.ok(there.length > 0, of);
      const { code, stderr } = await inProcess(...args(root));
      assert.equal(code, 0, stderr);
      const expected = await leftBehind(join(root, makes));
      cases.push(...there.map((file) => ({ of, file, expected })));
    }
    const count = countOf({ short: 40, long: 1000 }), found = { same: 0, refused: 0 };
    for (let at = 0; at < count; at++) {
      const { of, file, expected } = cases[at % cases.length]!, { args, makes } = readings[of]!;
      const name = choices.of(Object.keys(damages)), path = join(root, file);
      await putBack(template, root);
      const before = await Deno.readFile(path), after = damages[name]!(before, choices);
      await Deno.remove(path);
      if (after !== undefined) await Deno.writeFile(path, after);
      const { code, stderr } = await inProcess(...args(root)), what = `${file}, ${name} (${at}): ${stderr}`;
      if (code === 0) {
        assert.deepEqual(await leftBehind(join(root, makes)), expected, what);
        found.same++;
      } else {
        const [error = "", ...others] = stderr.split("\n").filter((line) => /^error: |^\s+at /.test(line));
        assert.deepEqual(others, [], what);
        assert.ok(error.includes(root) && !error.includes("should not happen"), what);
        found.refused++;
      }
    }
    tell(`${count} damaged files of ${cases.length}: ${found.same} without effect, ${found.refused} refused, 0 silent`);
  }));

/**
 * Files that Refract wrote and that were then damaged on disk: each is recomputed or refused by name; the results never
 * change silently.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcessUnder, treeOf } from "../support/command.ts";
import { hasty, sha256 } from "../support/hub.ts";
import { leftBehind } from "../support/left_behind.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { type Choices, choicesOf, countOf, faultOf, seed, tell, tellProgress } from "./support/form.ts";
import { environmentOf, makeWorkplace, putBack, type Services, withServices } from "./support/workplace.ts";

/** The change to a file's bytes; undefined if the file is deleted. */
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

/** The changes after which the file still exists. */
const lasting = Object.keys(damages).filter((name) => name !== "gone");

/** Files, and the command that reads them. */
interface Reading {
  readonly files: RegExp;
  readonly args: (root: string) => readonly string[];
  /** What it writes, relative to the root. */
  readonly makes: string;
  /** Files that may be missing: nothing needs them, or every reader reports their absence. */
  readonly mayBeGone?: RegExp;
}

const readings: Readonly<Record<string, Reading>> = {
  "the store": {
    files: /^store\/(?!.*\.lock$).*[^/]$/,
    args: (root) => [
      ...["run", join(root, "loreft.ts"), "--threads", "1"],
      ...["--out", join(root, "again"), "--store", join(root, "store")],
    ],
    makes: "again",
    mayBeGone: /^store\/encode\//,
  },
  "a converted model": {
    files: /^converted\/models.*[^/]$/,
    args: (root) => [
      ...["activations", join(root, "model.gguf"), "--text", "the cat"],
      ...["--out", join(root, "a.safetensors"), "--store", join(root, "converted")],
    ],
    makes: "a.safetensors",
  },
  "a hub's cache": {
    files: /^hub\/.*\/blobs\/[0-9a-f]+$/,
    args: (root) => ["pull", "owner/pulled", "--out", join(root, "pulled-again")],
    makes: "pulled-again",
  },
  "a trained edit": {
    files: /^edited\/(manifest\.yaml|members\/.*\/intervention\/[^/]+)$/,
    args: (root) => ["export", join(root, "edited"), "--to", "onnx", "--out", join(root, "exported-again")],
    makes: "exported-again",
    mayBeGone: /manifest/,
  },
  "a trained adapter": {
    files: /^adapted\/members\/.*\/intervention\/[^/]+$/,
    args: (root) => ["merge", join(root, "adapted"), "--out", join(root, "merged")],
    makes: "merged",
  },
  "a fully trained model": {
    files: /^whole\/members\/main\/model\/[^/]+$/,
    args: (root) => [
      ...["activations", join(root, "whole/members/main/model"), "--text", "the cat"],
      ...["--out", join(root, "a.safetensors"), "--store", join(root, "fresh")],
    ],
    makes: "a.safetensors",
    mayBeGone: /refract\.json$/,
  },
  "a run's results": {
    files: /^edited\/(results\.json|manifest\.yaml|pipeline\.ts|members\/main\/tuned\/predictions\.jsonl)$/,
    args: (root) => ["report", join(root, "edited")],
    makes: "edited/report.html",
    mayBeGone: /predictions|manifest|pipeline/,
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

/** The digests of a command's output, by path. */
async function made(root: string, path: string): Promise<Readonly<Record<string, string>>> {
  const { isFile } = await Deno.stat(join(root, path));
  if (isFile) return { [path]: sha256(await Deno.readFile(join(root, path))) };
  const found = Object.entries(await leftBehind(join(root, path)));
  return Object.fromEntries(found.map(([name, content]) => [name, sha256(content)]));
}

Deno.test("a damaged file is recomputed or refused by name, and never changes a result silently", () =>
  inFolder((folder) => withServices((services) => damaging(folder, services))));

async function damaging(folder: string, services: Services): Promise<void> {
  const root = join(folder, "place"), template = join(folder, "template"), choices = choicesOf(seed);
  const command = (...args: readonly string[]) =>
    inProcessUnder({ hub: { env: environmentOf(root, services), timings: hasty } }, ...args);
  await makeWorkplace(root, async (args) => {
    const { code, stderr } = await command(...args);
    assert.equal(code, 0, stderr);
  });
  // Output that is recomputed each time has to exist, too.
  for (const reading of ["a converted model", "a hub's cache"]) {
    const { args, makes } = readings[reading]!, { code, stderr } = await command(...args(root));
    assert.equal(code, 0, stderr);
    await Deno.remove(join(root, makes), { recursive: true });
  }
  await putBack(root, template);
  const cases: { readonly of: string; readonly file: string; readonly expected: object }[] = [];
  for (const [of, { files, args, makes }] of Object.entries(readings)) {
    await putBack(template, root);
    const there = treeOf(root).filter((path) => files.test(path));
    assert.ok(there.length > 0, of);
    const { code, stderr } = await command(...args(root));
    assert.equal(code, 0, stderr);
    const expected = await made(root, makes);
    cases.push(...there.map((file) => ({ of, file, expected })));
  }
  const count = countOf({ short: 40, long: 1000 }), outcomes = { same: 0, refused: 0 }, found: string[] = [];
  for (let at = 0; at < count; at++) {
    const { of, file, expected } = cases[at % cases.length]!, { args, makes, mayBeGone } = readings[of]!;
    const name = choices.of(mayBeGone?.test(file) === true ? lasting : Object.keys(damages)), path = join(root, file);
    await putBack(template, root);
    const before = await Deno.readFile(path),
      after = damages[name]!(before, choices),
      { mtime } = await Deno.stat(path);
    await Deno.remove(path);
    if (after !== undefined) await Deno.writeFile(path, after);
    // A disk fault leaves the file times unchanged; a report shows the times of its results.
    if (after !== undefined) await Deno.utime(path, mtime!, mtime!);
    try {
      const { code, stderr } = await command(...args(root)), what = `${file}, ${name} (${at}): ${stderr}`;
      if (code === 0) {
        assert.deepEqual(await made(root, makes), expected, what);
        outcomes.same++;
      } else {
        const [error = "", ...others] = stderr.split("\n").filter((line) => /^error: |^\s+at /.test(line));
        assert.deepEqual(others, [], what);
        assert.ok(error.includes(root) && !error.includes("should not happen"), what);
        outcomes.refused++;
      }
    } catch (error) {
      found.push(faultOf(error));
    }
    tellProgress(at + 1, count);
  }
  const { same, refused } = outcomes;
  tell(
    `${
      same + refused
    } damaged files of ${cases.length}: ${same} without effect, ${refused} refused, ${found.length} silent`,
  );
  assert.deepEqual(found, []);
}

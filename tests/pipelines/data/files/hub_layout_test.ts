/** The files of splits, compared with those that Python's datasets finds. @module */
import assert from "node:assert/strict";
import { copiedFiles, ownFiles } from "../../../../pipelines/data/files/hub_layout.ts";

interface Case {
  readonly paths: readonly string[];
  readonly configs: readonly unknown[] | null;
  readonly splits: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}
const cases: Readonly<Record<string, Case>> = JSON.parse(
  await Deno.readTextFile(new URL("../../../goldens/hub_layouts.json", import.meta.url)),
);

for (const [name, { paths, configs, splits }] of Object.entries(cases)) {
  Deno.test(`a repository's splits are those of Python's datasets: ${name}`, () => {
    for (const [config, found] of Object.entries(splits)) {
      for (const [split, files] of Object.entries(found)) {
        assert.deepEqual(
          ownFiles(paths, configs === null ? undefined : { configs }, { id: "o/n", config, split }),
          files,
        );
      }
      const known = Object.keys(found).map((split) => JSON.stringify(split)).join(", ");
      const other = () =>
        ownFiles(paths, configs === null ? undefined : { configs }, { id: "o/n", config, split: "no" });
      assert.throws(
        other,
        (error: Error) => error.message.includes(`o/n has no split "no"; use one of those it has: ${known}`),
      );
    }
  });
}

const wanted = (config?: string, split?: string) => ({ id: "o/n", config, split });

Deno.test("a missing configuration or split is requested by name", () => {
  const { paths, configs } = cases["configs"]!, card = { configs };
  assert.throws(
    () => ownFiles(paths, card, wanted()),
    /o\/n has the configurations "main", "socratic"; give one, as in config: "main"/,
  );
  assert.throws(() => ownFiles(paths, card, wanted("mainn")), /no configuration "mainn"; did you mean "main"/);
  assert.throws(() => ownFiles(paths, card, wanted("main")), /has the splits "train", "test"; give one/);
  assert.throws(
    () => ownFiles(paths, card, wanted("main", "train[:9]")),
    /split: "train" and take the part with \.slice/,
  );
  assert.deepEqual(ownFiles(paths, card, wanted("socratic")), ["socratic/train-00000-of-00001.parquet"]);
});

Deno.test("a repository without files of rows has no splits", () => {
  assert.equal(ownFiles(["README.md", "data.py", "a.tar", ".x/train.csv"], undefined, wanted()), undefined);
});

Deno.test("the hub's Parquet copy has a folder for each configuration and split", () => {
  const paths = [
    "plain_text/train/0001.parquet",
    "plain_text/train/0000.parquet",
    "plain_text/partial-test/0000.parquet",
  ];
  assert.deepEqual(copiedFiles(paths, wanted(undefined, "train")), [paths[1], paths[0]]);
  assert.deepEqual(copiedFiles(paths, wanted("plain_text", "test")), [paths[2]]);
});

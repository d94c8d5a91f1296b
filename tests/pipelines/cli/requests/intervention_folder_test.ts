/** Which intervention a path and a member refer to. @module */
import assert from "node:assert/strict";
import { interventionFolder, runOf } from "../../../../pipelines/cli/requests/intervention_folder.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

/** Runs a test in a folder with interventions in the given subfolders. */
function withInterventions(folders: readonly string[], test: (root: string) => Promise<void>): Promise<void> {
  return inFolder(async (root) => {
    for (const folder of folders) {
      await Deno.mkdir(`${root}/${folder}`, { recursive: true });
      await Deno.writeTextFile(`${root}/${folder}/intervention.json`, "{}");
    }
    await test(root);
  });
}

function refuses(root: string, path: string, member: string | undefined, says: RegExp): Promise<void> {
  return assert.rejects(interventionFolder(`${root}/${path}`, member), (error) => assertOneLine(error, says));
}

const two = ["run/members/rank=1/intervention", "run/members/rank=2/intervention"];
const trainings = ["again", "tuned"].map((name) => `run/members/rank=1/${name}/intervention`);

Deno.test("an intervention is found from its own folder, its training's, its member's and its run's", () =>
  withInterventions([two[0]!, ...trainings.slice(0, 1).map((path) => path.replace("run", "other"))], async (root) => {
    const own = `${root}/${two[0]}`;
    for (const path of ["run/members/rank=1/intervention", "run/members/rank=1", "run"]) {
      assert.equal(await interventionFolder(`${root}/${path}`, undefined), own);
    }
    assert.equal(await interventionFolder(`${root}/run`, "rank=1"), own);
    const again = `${root}/other/members/rank=1/again`;
    for (const member of [undefined, "rank=1", "rank=1/again"]) {
      assert.equal(await interventionFolder(`${root}/other`, member), `${again}/intervention`);
    }
    assert.equal(await interventionFolder(again, undefined), `${again}/intervention`);
  }));

Deno.test("several members or trainings need a choice", () =>
  withInterventions([two[1]!, ...trainings], async (root) => {
    await refuses(root, "run", undefined, /several members; .* --member: rank=1\/again rank=1\/tuned rank=2$/);
    await refuses(root, "run", "rank=1", /several trainings of "rank=1"; .*: rank=1\/again rank=1\/tuned$/);
    await refuses(root, "run", "rank=3", /has no trained member "rank=3"; did you mean /);
    assert.equal(await interventionFolder(`${root}/run`, "rank=2"), `${root}/${two[1]}`);
  }));

Deno.test("a folder without an intervention is refused", () =>
  withInterventions(["run/other", "imported"], async (root) => {
    await refuses(root, "absent", undefined, /absent: there is no such folder; check the path$/);
    await refuses(root, "run", undefined, /run: holds no trained intervention; give the folder of a run or /);
    await Deno.mkdir(`${root}/run/members/lr=1/tuned/model`, { recursive: true });
    await Deno.writeTextFile(`${root}/run/members/lr=1/tuned/model/config.json`, "{}");
    await refuses(root, "run", undefined, /a model that was trained whole, .*: members\/lr=1\/tuned\/model$/);
    await refuses(root, "imported", "main", /is not a run folder and has no member "main"; omit --member$/);
  }));

Deno.test("a run and a member are parsed from an intervention's path", () => {
  const expected = { run: "/a/run", member: "rank=1" };
  assert.deepEqual(runOf("/a/run/members/rank=1/intervention"), expected);
  assert.deepEqual(runOf("/a/run/members/rank=1/tuned/intervention"), expected);
  assert.equal(runOf("/a/imported"), undefined);
});

Deno.test("a run's interventions must lie in its folder", () =>
  withInterventions(["elsewhere/rank=1/intervention", "run/members/rank=2/intervention"], async (root) => {
    await Deno.symlink(`${root}/elsewhere/rank=1`, `${root}/run/members/rank=1`);
    await refuses(
      root,
      "run",
      "rank=1",
      /names "members\/rank=1\/intervention\/intervention\.json", which leads out of/,
    );
    await Deno.writeTextFile(`${root}/secret`, "");
    await Deno.symlink(`${root}/secret`, `${root}/${two[1]}/weights.safetensors`);
    await refuses(
      root,
      "run",
      "rank=2",
      /names "members\/rank=2\/intervention\/weights\.safetensors", which leads out/,
    );
  }));

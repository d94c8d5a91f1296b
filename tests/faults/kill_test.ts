/**
 * Commands that are killed at a change of a file or at a request to a hub, and the result of the same command
 * afterwards.
 *
 * @module
 */
import assert from "node:assert/strict";
import { attempt, attempts, onBench } from "./support/bench.ts";
import { countOf, faultOf, seed, tell, tellProgress } from "./support/form.ts";

Deno.test("a command killed at any change of a file writes the same bytes when repeated, and no other files", () =>
  onBench(async (bench) => {
    const count = countOf({ short: 12, long: 1000 }), tried = new Set<string>(), found: string[] = [];
    let cuts = 0, at = 0;
    for await (const [name, moment] of attempts(bench, count, seed)) {
      const does = at++ % 3 === 0 ? "cut" : "kill";
      try {
        const { signal, stderr } = await attempt(bench, name, { at: moment, does });
        // Background work may make one change fewer than before.
        const { moments } = bench.expected.get(name)!;
        if (signal !== "SIGKILL") assert.ok(moment >= moments - 5, `${name}, ${moment} of ${moments}: ${stderr}`);
      } catch (error) {
        found.push(faultOf(error));
      }
      if (does === "cut") cuts++;
      tried.add(name);
      tellProgress(at, count);
    }
    tell(
      `${count} deaths of ${tried.size} commands, ${cuts} of them power cuts: ${found.length} differences or leftovers`,
    );
    assert.deepEqual(found, []);
  }));

/**
 * Commands for which the system fails a call that changes a file, and the result of the same command afterwards.
 *
 * @module
 */
import assert from "node:assert/strict";
import { attempt, attempts, onBench } from "./support/bench.ts";
import { choicesOf, countOf, faultOf, seed, tell, tellProgress } from "./support/form.ts";

/** The system's error numbers on Linux. */
const errnos = { EIO: 5, EACCES: 13, EMFILE: 24, ENOSPC: 28, EROFS: 30, EDQUOT: 122 } as const;

Deno.test("a command reports a failed system call in one line or continues, and writes the same bytes when rerun", () =>
  onBench(async (bench) => {
    const count = countOf({ short: 10, long: 500 }), { of } = choicesOf(seed + 1), found: string[] = [];
    let refused = 0, tried = 0;
    for await (const [name, moment] of attempts(bench, count, seed + 1, "local")) {
      const errno = of(Object.keys(errnos) as (keyof typeof errnos)[]), stays = of([true, false]);
      try {
        const { code, signal, stderr } = await attempt(bench, name, { at: moment, does: errnos[errno], stays });
        const what = `${name}, ${errno} at ${moment}${stays ? " and on" : ""}: ${stderr}`;
        assert.equal(signal, null, what);
        const errors = stderr.split("\n").filter((line) => /^error: |^\s+at /.test(line));
        if (code !== 0) refused++;
        assert.equal(errors.length, code === 0 ? 0 : 1, what);
        assert.ok(!stderr.includes("should not happen"), what);
        assert.ok(code <= 2, what);
      } catch (error) {
        found.push(faultOf(error));
      }
      tellProgress(++tried, count);
    }
    tell(`${count} errors of the system, ${refused} of which ended the command in one line`);
    assert.deepEqual(found, []);
  }));

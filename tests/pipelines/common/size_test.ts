import assert from "node:assert/strict";
import { formatSize, parseSize } from "../../../pipelines/common/size.ts";

Deno.test("parseSize() reads decimal and binary units, bytes and no limit", () => {
  const sizes: Readonly<Record<string, number>> = {
    "0": 0,
    "512": 512,
    "7B": 7,
    "3kB": 3000,
    "3KB": 3000,
    "500MB": 5e8,
    "20GB": 2e10,
    "20g": 2e10,
    "1.5 TB": 1.5e12,
    "1.5GiB": 1.5 * 2 ** 30,
    "2kib": 2048,
    unlimited: Infinity,
  };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text), bytes, text);
});

Deno.test("parseSize() refuses everything else", () => {
  for (const text of ["", "GB", "-1GB", "1e9", "1.GB", "1,5GB", "1 GB 2", "1 PB", "1iB", "all", "99999999TB"]) {
    assert.equal(parseSize(text), undefined, text);
  }
});

Deno.test("formatSize() writes three digits and a unit", () => {
  const shown = [0, 7, 999, 1000, 12345, 999_499, 999_500, 5e8, 1.234e9, 5e13, Infinity].map(formatSize);
  assert.deepEqual(shown, [
    "0 B",
    "7 B",
    "999 B",
    "1.00 kB",
    "12.3 kB",
    "999 kB",
    "1.00 MB",
    "500 MB",
    "1.23 GB",
    "50.0 TB",
    "unlimited",
  ]);
});

import assert from "node:assert/strict";
import { crc32c, eventsOf } from "../../../pipelines/report/event_files.ts";

Deno.test("crc32c() matches the check values of its definition and of 32 zeros (RFC 3720, B.4)", () => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

Deno.test("an event file is a chain of records with their lengths and masked checksums", () => {
  const bytes = eventsOf({
    id: "rank=1",
    axes: { rank: 1, method: "loreft" },
    trainableParameters: 3,
    stages: [{
      ...{ name: "tuned", kind: "train", cached: false, seconds: 1, steps: 2, losses: [2, 1], stepSeconds: [] },
      rewards: { chosen: [1, 2], rejected: [0, 0], margins: [1, 2], accuracies: [0.5, 1] },
      validation: [{ step: 2, metrics: { loss: 3, exactMatch: 0.5 } }],
      gradientNorms: [1, 1],
    }, {
      ...{ name: "tuned", kind: "evaluate", cached: false, seconds: 1, predictions: "", metrics: { loss: 4 } },
    }],
  }, 1_700_000_000);
  const view = new DataView(bytes.buffer), texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = Number(view.getBigUint64(at, true)), data = bytes.subarray(at + 12, at + 12 + length);
    const masked = (part: Uint8Array) => {
      const crc = crc32c(part);
      return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    };
    assert.equal(view.getUint32(at + 8, true), masked(bytes.subarray(at, at + 8)));
    assert.equal(view.getUint32(at + 12 + length, true), masked(data));
    texts.push(new TextDecoder("latin1").decode(data));
    at += length + 16;
  }
  assert.ok(texts[0]!.includes("brain.Event:2"));
  for (
    const [name, count] of [["train/tuned/loss", 2], ["train/tuned/grad_norm", 2], ["evaluate/tuned/loss", 1]] as const
  ) {
    assert.equal(texts.filter((text) => text.includes(name)).length, count, name);
  }
  for (const kind of ["chosen", "rejected", "margins", "accuracies"]) {
    assert.equal(texts.filter((text) => text.includes(`train/tuned/rewards/${kind}`)).length, 2);
  }
  for (const metric of ["loss", "exactMatch"]) {
    assert.equal(texts.filter((text) => text.includes(`validation/tuned/${metric}`)).length, 1);
  }
  assert.ok(texts[1]!.includes("_hparams_/session_start_info") && texts[1]!.includes("loreft"));
});

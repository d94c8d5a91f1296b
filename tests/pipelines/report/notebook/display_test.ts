/** Results as a notebook displays them. */
import assert from "node:assert/strict";
import { displayOf } from "../../../../pipelines/report/notebook/display.ts";
import { linePlot } from "../../../../pipelines/report/notebook/line_plot.ts";
import type { MemberRecord } from "../../../../pipelines/results/results.ts";

function memberOf(axes: MemberRecord["axes"], loss: number, losses: readonly number[] = [2, 1]): MemberRecord {
  const id = Object.entries(axes).map(([name, value]) => `${name}=${value}`).join() || "main";
  return {
    ...{ id, axes, trainableParameters: 1028 },
    stages: [
      { name: "tuned", kind: "train", cached: false, seconds: 1, steps: losses.length, losses, stepSeconds: [] },
      {
        ...{ name: "tuned", kind: "evaluate", cached: false, seconds: 1, predictions: "" },
        ...{ metrics: { loss }, standardErrors: { loss: 0.25 } },
      },
    ],
  };
}

const htmlOf = (...members: readonly MemberRecord[]) =>
  displayOf({ pipeline: "<p>", members, encode: [] }, "/runs/p")["text/html"];

const cellsOf = (html: string) => [...html.matchAll(/<t[hd]>(.*?)<\/t[hd]>/g)].map(([, text]) => text);
const titlesOf = (html: string) => [...html.matchAll(/aria-label="([^"]*)"/g)].map(([, title]) => title);

Deno.test("a run of one member has a row, and a plot of its losses", () => {
  const html = htmlOf(memberOf({}, 0.5));
  assert.deepEqual(cellsOf(html), ["tuned loss", "trainable", "last loss", "0.5 ± 0.25", "1,028", "1"]);
  assert.deepEqual(titlesOf(html), ["training loss"]);
  assert.ok(html.includes("&lt;p&gt;: 1 member, in /runs/p"));
});

Deno.test("a sweep's metrics are drawn over the longest axis of numbers, a line for each value of the others", () => {
  const axes = [1, 2, 4].flatMap((rank) => ["a", "b"].map((method) => ({ method, rank })));
  const html = htmlOf(...axes.map(({ method, rank }) => memberOf({ method, rank }, rank / 8)));
  assert.deepEqual(titlesOf(html), ["tuned loss", "training loss"]);
  const [plot = ""] = html.split("</svg>");
  assert.equal(plot.match(/<polyline/g)?.length, 2);
  assert.equal(plot.match(/<circle/g)?.length, 6);
  assert.ok(plot.includes(">method=a</text>") && plot.includes(">rank</text>"));
});

Deno.test("losses that no member has are not plotted, and values that are not finite are not drawn", () => {
  assert.deepEqual(titlesOf(htmlOf(memberOf({}, NaN, [1]))), []);
  const plot = linePlot({ title: "t", xName: "x", lines: [{ name: "a", points: [[1, 1], [2, NaN], [3, 3]] }] });
  assert.match(plot, /points="[\d.]+,[\d.]+ [\d.]+,[\d.]+"/);
  assert.doesNotMatch(plot, /NaN/);
});

Deno.test("ticks are the values themselves where these are few, else round numbers", () => {
  const ticksOf = (values: readonly number[]) => {
    const points = values.map((value) => [value, 1] as const);
    const plot = linePlot({ title: "", xName: "", lines: [{ name: "a", points }] });
    return [...plot.matchAll(/y="218"[^>]*>([^<]*)</g)].map(([, text]) => text);
  };
  assert.deepEqual(ticksOf([1, 4, 8]), ["1", "4", "8"]);
  assert.deepEqual(ticksOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), ["2", "4", "6", "8", "10"]);
  assert.deepEqual(ticksOf(Array.from({ length: 97 }, (_, at) => 1 + at)), ["20", "40", "60", "80"]);
});

Deno.test("hundreds of members are counted, and not all drawn", () => {
  const html = htmlOf(...Array.from({ length: 250 }, (_, seed) => memberOf({ seed }, 1)));
  assert.equal(html.match(/<tr>/g)?.length, 201);
  assert.ok(html.includes("and 50 more"));
});

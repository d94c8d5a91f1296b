import assert from "node:assert/strict";
import { editedFeeds } from "../../../../pipelines/compile/rows/edited_positions.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { cutRows, wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { exampleOf, lowered, t5Architecture, tinyArchitecture } from "./support.ts";

const edit = (positions: string, at: Readonly<Record<string, unknown>> = {}, more = {}) => {
  return { kind: "loreft", at: { blocks: [1], site: "block.output", ...at }, positions, rank: 2, ...more };
};
const examples = [exampleOf(4, 2), exampleOf(6, 1)];

/** The masks' rows by name, as strings of 0 and 1. */
function masksOf(...[rows, layout, adaptations]: Parameters<typeof editedFeeds>) {
  return Object.fromEntries(
    Object.entries(editedFeeds(rows, layout, adaptations)).map(([name, { data, shape: [batch = 0, , width] }]) => {
      const text = Array.from(data, Number).join(""), own = text.length / batch;
      return [name, [width, ...Array.from({ length: batch }, (_, row) => text.slice(row * own, (row + 1) * own))]];
    }),
  );
}

Deno.test("editedFeeds() count positions over the whole row, wherever it is cut", () => {
  const adaptations = lowered(tinyArchitecture, edit("l2"), edit("completion"));
  const masks = (layout: ReturnType<typeof wholeRows>) =>
    masksOf(examples.map((each) => layOut(each, layout)), layout, adaptations);
  assert.deepEqual(masks(wholeRows({}, [])), {
    "positions.l2.both": [1, "001100", "000011"],
    "positions.completion.both": [1, "000010", "000000"],
  });
  assert.deepEqual(masks(cutRows(2, 0)), {
    "positions.l2.both": [1, "110", "110"],
    "positions.completion.both": [1, "001", "000"],
  });
});

Deno.test("editedFeeds() have a column for each row of a subspace", () => {
  const [adaptation] = lowered(tinyArchitecture, edit("l1", {}, { rank: 3, subspace: "rows" }));
  const example = { ...exampleOf(2, 1), source: { text: "", spans: {}, fields: { rows: [0, 2] } } };
  const layout = wholeRows({}, []), masks = masksOf([layOut(example, layout)], layout, [adaptation!]);
  assert.deepEqual(Object.values(masks), [[3, "000101"]]);
});

Deno.test("editedFeeds() count positions over the prompt in an encoder, and from the start token in its decoder", () => {
  const adaptations = lowered(
    t5Architecture,
    edit("f1+l1", { stack: "encoder" }, { tied: true }),
    edit("f1", { stack: "decoder" }),
    edit("completion", { stack: "decoder" }),
    edit("l2", { stack: "decoder", site: "crossAttention.key" }),
  );
  const layout = wholeRows(t5Architecture, adaptations), rows = examples.map((each) => layOut(each, layout));
  assert.deepEqual(masksOf(rows, layout, adaptations), {
    "positions.context.f1+l1.both": [1, "100100", "100001"],
    "positions.f1.both": [1, "10", "10"],
    "positions.completion.both": [1, "01", "00"],
    "positions.context.l2.both": [1, "001100", "000011"],
  });
});

Deno.test("editedFeeds() refuse rows without the segment that is edited", () => {
  const adaptations = lowered(t5Architecture, edit("l1", { stack: "encoder" })), layout = wholeRows({}, []);
  assert.throws(() => editedFeeds([], layout, adaptations), /The rows have no context to edit/);
});

/** Where the time went. @module */
import type { Drawing } from "./choices.ts";
import { byId, svg, tip } from "./dom.ts";
import { duration } from "./format.ts";
import { colour, currentFrame, legend } from "./plot.ts";

/** Draws the section of time. */
export function drawTime({ view }: Drawing): void {
  const { width } = currentFrame(), parts = view.time.filter(({ seconds }) => seconds > 0);
  const sum = parts.reduce((all, { seconds }) => all + seconds, 0);
  const label = parts.map(described).join(", ");
  const picture = svg("svg", { viewBox: `0 0 ${width} 34`, role: "img", "aria-label": label });
  let start = 0;
  parts.forEach((part, at) => {
    const share = width * part.seconds / sum, text = described(part);
    const box = svg("rect", {
      x: start,
      y: 4,
      width: Math.max(1, share - 2),
      height: 26,
      rx: 4,
      style: `fill:${colour(at)}`,
      tabindex: 0,
      role: "img",
      "aria-label": text,
    });
    picture.append(tip(box, text));
    start += share;
  });
  const entries = parts.map((part, at) => ({ colour: at, text: described(part) }));
  // While the first member is running, no times are known.
  byId("time").hidden = view.state.kind !== "done" && parts.length === 0;
  byId("time-title").textContent = view.state.kind === "done" ? "Where the time went" : "Where the time went so far";
  byId("time-plot").replaceChildren(
    ...parts.length === 0 ? ["Everything was in the store."] : [picture, legend(entries)],
  );
  byId("saved").textContent = view.saved.join(" ");
}

/** How long a part took, beside its prediction. */
function described({ name, seconds, expected }: Drawing["view"]["time"][number]): string {
  return `${name} ${duration(seconds)}${expected === undefined ? "" : `, predicted ${duration(expected)}`}`;
}

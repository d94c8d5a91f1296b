/** The loss of every step, drawn as it comes. @module */
import { byId, svg } from "../../report/page/dom.ts";
import { colour, currentFrame, edges, plot } from "../../report/page/plot.ts";
import { linearScale, ticksAround, ticksBetween } from "../../report/page/scales.ts";

/** The maximum number of points in a curve. */
const mostPoints = 400;

/** The minimum time between redraws, in milliseconds. */
const every = 200;

let waiting: ReturnType<typeof setTimeout> | undefined, shown: readonly number[] = [], last = 2;

/** Draws losses, gathering those that come in quick succession. */
export function showLosses(losses: readonly number[], steps: number): void {
  shown = losses;
  last = Math.max(2, steps);
  waiting ??= setTimeout(() => {
    waiting = undefined;
    draw();
  }, every);
}

function draw(): void {
  byId("curve").hidden = shown.length === 0;
  if (shown.length === 0) return;
  const stride = Math.ceil(shown.length / mostPoints);
  const points = shown.flatMap((loss, at) => at % stride === 0 ? [[at + 1, loss] as const] : []);
  const frame = currentFrame(), { x: horizontal, y: vertical } = edges(frame);
  const across = ticksBetween(0, last), up = ticksAround(points.map(([, loss]) => loss));
  const x = linearScale(across.range, horizontal), y = linearScale(up.range, vertical);
  const label = `Loss of ${shown.length} steps: ${shown[0]!.toFixed(4)} at first, ${shown.at(-1)!.toFixed(4)} now`;
  const found = plot(
    label,
    frame,
    { text: "step", scale: x, ticks: across.ticks },
    { text: "loss", scale: y, ticks: up.ticks },
  );
  found.append(svg("polyline", {
    points: points.map(([step, loss]) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(" "),
    style: `fill:none;stroke:${colour(0)};stroke-width:2`,
    class: "curve",
  }));
  byId("curve").replaceChildren(found);
}

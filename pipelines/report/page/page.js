// The report's page: draws what the JSON beside it holds. Runs by itself, without a network.
/** @type {import("../view.ts").ReportView} */
let view = JSON.parse(byId("data").textContent);
const series = getComputedStyle(document.documentElement).getPropertyValue("--series").split(",");
const state = {
  sort: undefined,
  descending: false,
  filter: "",
  metric: undefined,
  rows: undefined,
  columns: undefined,
  smooth: 1,
};
const mostCurves = 40;
const dashes = ["", "7 3", "2 3", "8 3 2 3"];

function byId(id) {
  return document.getElementById(id);
}

/** An element with attributes and children; texts are never read as markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const colour = (index) => series[index % series.length].trim();
const number = (value, digits = 3) => Number.isFinite(value) ? value.toFixed(digits) : "";
const whole = (value) => value.toLocaleString("en");
const isLower = (metric) => metric.endsWith(" loss");
const seconds = (value) =>
  value >= 120 ? `${Math.floor(value / 60)} min ${Math.round(value % 60)} s` : `${value.toPrecision(3)} s`;

function better(metric, a, b) {
  return isLower(metric) ? a < b : a > b;
}

function bestOf(metric, members = view.members) {
  return members.filter((member) => metric in member.metrics)
    .reduce(
      (best, each) => best === undefined || better(metric, each.metrics[metric], best.metrics[metric]) ? each : best,
      undefined,
    );
}

/** A hint beside the pointer, or at an element that has the focus. */
function tip(target, text) {
  const box = byId("tip");
  const show = (x, y) => {
    box.textContent = text;
    box.hidden = false;
    box.style.left = `${Math.max(8, Math.min(x + 12, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.max(8, y - box.offsetHeight - 10)}px`;
  };
  target.addEventListener("pointermove", (event) => show(event.clientX, event.clientY));
  target.addEventListener("focus", () => {
    const { left, top } = target.getBoundingClientRect();
    show(left, top);
  });
  for (const end of ["pointerleave", "blur"]) target.addEventListener(end, () => (box.hidden = true));
  return target;
}

function chooser(label, options, chosen, onChange) {
  const select = element("select", { onchange: (event) => onChange(event.target.value) });
  for (const option of options) {
    select.append(element("option", { value: option, selected: option === chosen }, option));
  }
  return element("label", {}, `${label} `, select);
}

function headline() {
  byId("title").textContent = view.pipeline;
  document.title = `${view.pipeline} · Refract report`;
  byId("made").textContent = [view.made, ...view.machine].join(" · ");
  const metric = state.metric, best = metric && bestOf(metric);
  const base = metric && view.untrained[metric];
  const cards = [];
  if (best !== undefined) {
    const note = base === undefined ? metric : `${metric} · ${number(base.value)} ${base.name}`;
    cards.push([number(best.metrics[metric]), note], [best.id, "the best member"], [
      whole(best.parameters),
      "parameters that it trains",
    ]);
  } else if (view.members.length > 0) cards.push([whole(view.members[0].parameters), "parameters trained"]);
  cards.push([whole(view.members.length), view.members.length === 1 ? "member" : "members"]);
  if (view.isRunning) cards.push(["running", view.now ?? ""]);
  byId("headline").replaceChildren(
    ...cards.map(([value, note]) =>
      element("div", { class: "card" }, element("b", {}, value), element("span", {}, note))
    ),
  );
}

const ramp = (share) => `color-mix(in oklab, var(--heat-high) ${Math.round(100 * share)}%, var(--heat-low))`;

function heatmap() {
  const names = view.axes.filter((axis) => axis.values.length > 1).map((axis) => axis.name);
  const metrics = view.metrics;
  byId("sweep").hidden = names.length < 2 || metrics.length === 0;
  if (byId("sweep").hidden) return;
  state.rows ??= names[0];
  state.columns ??= names[1];
  const redraw = (key) => (value) => {
    state[key] = value;
    drawAll();
  };
  byId("sweep-controls").replaceChildren(
    chooser("Rows", names, state.rows, redraw("rows")),
    chooser("Columns", names, state.columns, redraw("columns")),
    chooser("Metric", metrics, state.metric, redraw("metric")),
  );
  const valuesOf = (name) => view.axes.find((axis) => axis.name === name).values;
  const rows = valuesOf(state.rows), columns = valuesOf(state.columns);
  const cells = rows.flatMap((row, y) =>
    columns.map((column, x) => {
      const found = view.members.filter((member) =>
        member.axes[state.rows] === row && member.axes[state.columns] === column && state.metric in member.metrics
      );
      const values = found.map((member) => member.metrics[state.metric]);
      return {
        x,
        y,
        row,
        column,
        count: values.length,
        value: values.reduce((sum, each) => sum + each, 0) / values.length,
      };
    })
  );
  const known = cells.filter((cell) => cell.count > 0).map((cell) => cell.value);
  const least = Math.min(...known), most = Math.max(...known);
  const left = 20 + 7 * Math.max(...rows.map((row) => String(row).length), String(state.rows).length),
    cell = { width: Math.max(58, Math.min(110, 700 / columns.length)), height: 40 };
  const width = left + columns.length * cell.width + 8, height = 44 + rows.length * cell.height;
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${state.metric} by ${state.rows} and ${state.columns}`,
    style: `max-width:${Math.max(width * 1.2, 320)}px`,
  });
  columns.forEach((column, x) =>
    picture.append(svg("text", { x: left + (x + 0.5) * cell.width, y: 34, "text-anchor": "middle" }, String(column)))
  );
  picture.append(
    svg("text", { x: left, y: 14, class: "strong" }, state.columns),
    svg("text", { x: 4, y: 34, class: "strong" }, state.rows),
  );
  rows.forEach((row, y) =>
    picture.append(svg("text", { x: left - 8, y: 44 + (y + 0.62) * cell.height, "text-anchor": "end" }, String(row)))
  );
  for (const { x, y, row, column, count, value } of cells) {
    if (count === 0) continue;
    const share = most === least ? 1 : (isLower(state.metric) ? most - value : value - least) / (most - least);
    const box = svg("g", {
      tabindex: 0,
      role: "img",
      "aria-label": `${state.rows} ${row}, ${state.columns} ${column}: ${number(value)}`,
    });
    box.append(
      svg("rect", {
        x: left + x * cell.width + 1,
        y: 44 + y * cell.height + 1,
        width: cell.width - 2,
        height: cell.height - 2,
        rx: 5,
        style: `fill:${ramp(share)}`,
      }),
      svg("text", {
        x: left + (x + 0.5) * cell.width,
        y: 44 + (y + 0.62) * cell.height,
        "text-anchor": "middle",
        style: `fill:${share > 0.55 ? "var(--ground)" : "var(--ink)"}`,
      }, number(value)),
    );
    picture.append(
      tip(
        box,
        `${state.rows} ${row}, ${state.columns} ${column}: ${number(value, 4)}${
          count > 1 ? `, the mean of ${count}` : ""
        }`,
      ),
    );
  }
  byId("heatmap").replaceChildren(picture);
}

/** Round numbers between two others. */
function ticks(least, most, count = 5) {
  const rough = (most - least || 1) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let tick = Math.ceil(least / step) * step; tick <= most + step / 1e6; tick += step) {
    found.push(Number(tick.toPrecision(12)));
  }
  return found;
}

/** Of many curves those with the same value on the first axis have one colour, and dashes tell the second. */
function strokeOf(curve, at, count) {
  const [first, second] = view.axes.filter((axis) => axis.values.length > 1);
  if (count <= series.length || first === undefined) return { colour: colour(at), dash: "" };
  const dash = second === undefined ? "" : dashes[second.values.indexOf(curve.axes[second.name]) % dashes.length] ?? "";
  return { colour: colour(Math.max(0, first.values.indexOf(curve.axes[first.name]))), dash };
}

const frame = { width: 900, height: 320, left: 56, right: 12, top: 12, bottom: 40 };

/** An empty plot with its axes. */
function plot(label, { x, y, xTicks, yTicks, xText, yText }) {
  const { width, height, left, right, top, bottom } = frame;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const tick of yTicks) {
    picture.append(
      svg("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }),
      svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
    );
  }
  for (const tick of xTicks) {
    picture.append(svg("text", { x: x(tick), y: height - bottom + 18, "text-anchor": "middle" }, whole(tick)));
  }
  picture.append(
    svg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle", class: "strong" }, xText),
    svg("text", { x: 4, y: top - 1, class: "strong" }, yText),
  );
  return picture;
}

const linear = (from, to, start, end) => (value) =>
  start + (to === from ? 0.5 : (value - from) / (to - from)) * (end - start);

function smoothed(losses, width) {
  let mean = losses[0];
  const kept = 1 - 1 / width;
  return losses.map((loss) => (mean = kept * mean + (1 - kept) * loss));
}

/** Members that repeat one experiment are one curve: their mean, within what they span. */
function curvesOf() {
  const trained = view.members.filter((member) => member.losses.length > 0);
  const groups = Map.groupBy(trained, (member) => member.repeated);
  return [...groups].map(([id, members]) => {
    const lists = members.map((member) => smoothed(member.losses, state.smooth));
    const length = Math.min(...lists.map((list) => list.length));
    const at = (step) => lists.map((list) => list[step]);
    const steps = Array.from({ length }, (_, step) => step);
    return {
      id,
      axes: members[0].axes,
      count: lists.length,
      stride: members[0].stride,
      mean: steps.map((step) => at(step).reduce((sum, each) => sum + each, 0) / lists.length),
      low: steps.map((step) => Math.min(...at(step))),
      high: steps.map((step) => Math.max(...at(step))),
    };
  });
}

function curves() {
  const all = curvesOf();
  byId("curves").hidden = all.length === 0;
  if (all.length === 0) return;
  const drawn = all.slice(0, mostCurves);
  byId("curve-controls").replaceChildren(
    chooser("Smooth over", ["1", "5", "20"], String(state.smooth), (value) => {
      state.smooth = Number(value);
      drawAll();
    }),
    element(
      "span",
      { class: "quiet" },
      all.length > drawn.length ? `the first ${drawn.length} of ${all.length}` : "steps",
    ),
  );
  const last = Math.max(...drawn.map(({ mean, stride }) => mean.length * stride)),
    top = Math.max(...drawn.flatMap(({ high }) => high)) * 1.05 || 1;
  const x = linear(1, Math.max(2, last), frame.left, frame.width - frame.right),
    y = linear(0, top, frame.height - frame.bottom, frame.top);
  const picture = plot("Loss of every step", {
    x,
    y,
    xTicks: ticks(1, Math.max(2, last)),
    yTicks: ticks(0, top),
    xText: "step",
    yText: "loss",
  });
  const legend = element("ul", { class: "legend" });
  drawn.forEach((curve, at) => {
    const { id, count, mean, low, high, stride } = curve, stroke = strokeOf(curve, at, drawn.length);
    const place = (values) => values.map((value, step) => `${x(1 + step * stride).toFixed(1)},${y(value).toFixed(1)}`);
    if (count > 1) {
      picture.append(
        svg("polygon", {
          points: [...place(high), ...place(low).reverse()].join(" "),
          style: `fill:${stroke.colour};opacity:0.15`,
        }),
      );
    }
    const line = svg("polyline", {
      points: place(mean).join(" "),
      tabindex: 0,
      role: "img",
      "aria-label": `${id}: ${number(mean.at(-1), 4)} at the end`,
      style: `fill:none;stroke:${stroke.colour};stroke-width:2`,
      "stroke-dasharray": stroke.dash,
      class: "curve",
    });
    picture.append(
      tip(
        line,
        `${id}: ${number(mean[0], 4)} at first, ${number(mean.at(-1), 4)} at the end${
          count > 1 ? `, the mean of ${count}` : ""
        }`,
      ),
    );
    if (drawn.length <= 16) {
      legend.append(element("li", {}, element("i", { style: `background:${stroke.colour}` }), id));
    }
  });
  byId("loss-plot").replaceChildren(picture, legend);
}

function cost() {
  const metric = state.metric,
    points = view.members.filter((member) => metric in member.metrics && member.parameters > 0);
  byId("cost").hidden = new Set(points.map((member) => member.parameters)).size < 2;
  if (byId("cost").hidden) return;
  byId("cost-controls").replaceChildren(chooser("Metric", view.metrics, metric, (value) => {
    state.metric = value;
    drawAll();
  }));
  const kinds = [...new Set(points.map((member) => member.method))];
  const logs = points.map((member) => Math.log10(member.parameters)),
    values = points.map((member) => member.metrics[metric]);
  const least = Math.min(0, ...values), most = Math.max(...values) || 1;
  const from = Math.floor(Math.min(...logs) * 2) / 2, to = Math.ceil(Math.max(...logs) * 2) / 2;
  const place = linear(from, to === from ? from + 1 : to, frame.left + 10, frame.width - frame.right - 20),
    x = (count) => place(Math.log10(count));
  const y = linear(least, most * 1.05, frame.height - frame.bottom, frame.top + 8);
  const powers = Array.from(
    { length: 1 + Math.ceil(to) - Math.floor(from) },
    (_, at) => 10 ** (Math.floor(from) + at),
  );
  const xTicks = powers.flatMap((power) => [power, 3 * power]).filter((tick) =>
    Math.log10(tick) >= from && Math.log10(tick) <= to
  );
  const picture = plot(`${metric} by trainable parameters`, {
    x,
    y,
    xTicks,
    yTicks: ticks(least, most),
    xText: "trainable parameters (logarithmic)",
    yText: metric,
  });
  for (const member of points) {
    const dot = svg("circle", {
      cx: x(member.parameters),
      cy: y(member.metrics[metric]),
      r: 6,
      tabindex: 0,
      role: "img",
      "aria-label": `${member.id}: ${number(member.metrics[metric])}`,
      style: `fill:${colour(kinds.indexOf(member.method))};fill-opacity:0.8`,
      class: "dot",
    });
    picture.append(
      tip(dot, `${member.id}: ${number(member.metrics[metric], 4)} with ${whole(member.parameters)} parameters`),
    );
  }
  const legend = element(
    "ul",
    { class: "legend" },
    ...kinds.length < 2
      ? []
      : kinds.map((kind, at) => element("li", {}, element("i", { style: `background:${colour(at)}` }), kind)),
  );
  byId("cost-plot").replaceChildren(picture, legend);
}

/** The table's columns: a name, a member's value, and how it is shown. */
function columns() {
  return [
    { name: "member", of: (member) => member.id, show: String },
    ...view.metrics.map((metric) => ({
      name: metric,
      of: (member) => member.metrics[metric] ?? NaN,
      show: (value) => number(value, 4),
    })),
    { name: "trainable", of: (member) => member.parameters, show: whole },
    { name: "final loss", of: (member) => member.finalLoss ?? NaN, show: (value) => number(value, 4) },
    { name: "train", of: (member) => member.seconds, show: (value) => value === 0 ? "cached" : seconds(value) },
  ];
}

function table() {
  const all = columns(), sorted = [...view.members].filter((member) => member.id.includes(state.filter));
  const by = all.find(({ name }) => name === state.sort);
  if (by !== undefined) {
    const sign = state.descending ? -1 : 1;
    sorted.sort((a, b) => {
      const [left, right] = [by.of(a), by.of(b)];
      if (typeof left === "string") return sign * left.localeCompare(right, "en", { numeric: true });
      return Number.isNaN(left) ? 1 : Number.isNaN(right) ? -1 : sign * (left - right);
    });
  }
  const best = state.metric && bestOf(state.metric);
  const head = element(
    "tr",
    {},
    ...all.map(({ name }) => {
      const order = name !== state.sort ? "none" : state.descending ? "descending" : "ascending";
      const sort = () => {
        state.descending = state.sort === name ? !state.descending : name !== "member" && !isLower(name);
        state.sort = name;
        table();
        [...byId("table").querySelectorAll("button")].find((button) => button.textContent === name)?.focus();
      };
      return element(
        "th",
        { scope: "col", "aria-sort": order },
        element("button", { type: "button", onclick: sort }, name),
      );
    }),
  );
  const body = sorted.slice(0, 1000).map((member) =>
    element(
      "tr",
      { class: member === best ? "best" : "" },
      ...all.map(({ of, show }) => element("td", {}, show(of(member)))),
    )
  );
  byId("table").replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
  byId("shown").textContent = `${whole(sorted.length)} of ${whole(view.members.length)}`;
}

function repeats() {
  byId("repeats").hidden = view.repeats.length === 0;
  const metrics = [...new Set(view.repeats.flatMap((repeat) => Object.keys(repeat.metrics)))];
  const head = element(
    "tr",
    {},
    ...["experiment", ...metrics, "members"].map((name) =>
      element("th", { scope: "col", style: "padding:0.5rem 0.75rem" }, name)
    ),
  );
  const body = view.repeats.map(({ id, count, metrics: found }) =>
    element(
      "tr",
      {},
      element("td", {}, id),
      ...metrics.map((metric) => {
        return element(
          "td",
          {},
          metric in found ? `${number(found[metric].mean, 4)} ± ${number(found[metric].deviation, 4)}` : "",
        );
      }),
      element("td", {}, String(count)),
    )
  );
  byId("repeat-table").replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
}

function time() {
  const parts = view.time.filter((part) => part.seconds > 0),
    sum = parts.reduce((all, part) => all + part.seconds, 0);
  const picture = svg("svg", {
    viewBox: "0 0 900 34",
    role: "img",
    "aria-label": parts.map((part) => `${part.name} ${seconds(part.seconds)}`).join(", "),
  });
  let start = 0;
  parts.forEach((part, at) => {
    const width = 900 * part.seconds / sum;
    const box = svg("rect", {
      x: start,
      y: 4,
      width: Math.max(1, width - 2),
      height: 26,
      rx: 4,
      style: `fill:${colour(at)}`,
      tabindex: 0,
      role: "img",
      "aria-label": `${part.name}: ${seconds(part.seconds)}`,
    });
    picture.append(tip(box, `${part.name}: ${seconds(part.seconds)}`));
    start += width;
  });
  const legend = element(
    "ul",
    { class: "legend" },
    ...parts.map((part, at) =>
      element("li", {}, element("i", { style: `background:${colour(at)}` }), `${part.name} ${seconds(part.seconds)}`)
    ),
  );
  byId("time-plot").replaceChildren(...parts.length === 0 ? ["Everything was in the store."] : [picture, legend]);
  byId("saved").textContent = view.saved.join(" ");
}

function samples() {
  byId("samples").hidden = view.samples.length === 0;
  byId("samples-note").textContent = view.samplesOf;
  byId("sample-list").replaceChildren(...view.samples.map(({ prompt, completion, answers }) => {
    const list = element("dl", { class: "answers" });
    list.append(element("div", {}, element("dt", {}, "expected"), element("dd", {}, completion.trim())));
    for (const { stage, text } of answers) {
      const isRight = text.trim() === completion.trim();
      list.append(
        element(
          "div",
          {},
          element("dt", {}, stage),
          element("dd", { class: isRight ? "right" : "wrong" }, `${isRight ? "✓" : "✗"} ${text.trim()}`),
        ),
      );
    }
    return element("li", {}, element("p", { class: "prompt" }, prompt.trim()), list);
  }));
  byId("manifest").hidden = view.manifest === "";
  byId("manifest-text").textContent = view.manifest;
}

function drawAll() {
  state.metric = view.metrics.includes(state.metric) ? state.metric : view.metrics[0];
  headline();
  heatmap();
  curves();
  cost();
  table();
  repeats();
  time();
  samples();
}

byId("filter").addEventListener("input", (event) => {
  state.filter = event.target.value;
  table();
});
drawAll();

if (view.isLive) {
  new EventSource("events").addEventListener("message", ({ data }) => {
    view = JSON.parse(data);
    drawAll();
  });
}

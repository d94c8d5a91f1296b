/** Elements of the page. Texts are never parsed as markup. @module */

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** The element of page.html with an id, of the given type if one is given. */
export function byId(id: string): HTMLElement;
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind;
export function byId(id: string, kind = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`page.html has no ${kind.name} with the id ${id}`);
  return found;
}

/** An HTML element; an attribute that is false is omitted. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Name] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled<Made extends HTMLElement | SVGElement>(
  made: Made,
  attributes: Attributes,
  children: readonly (Node | string)[],
): Made {
  for (const [key, value] of Object.entries(attributes)) {
    // The page's policy forbids style attributes in markup, but not styles set by its script.
    if (key === "style") made.style.cssText = String(value);
    else if (value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** Fills a table of page.html. */
export function fillTable(id: string, head: HTMLElement, rows: readonly HTMLElement[]): void {
  byId(id).replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
}

/** A cell of a table. */
interface Cell {
  /** Its column's name, which precedes it if a screen is too narrow for columns. */
  readonly name: string;
  readonly text: string | Node;
  /** Whether its column is set apart from those before it. */
  readonly isApart?: boolean;
}

/** A row of a table. */
export function labelledRow(cells: readonly Cell[], attributes: Attributes = {}): HTMLElement {
  return element(
    "tr",
    attributes,
    ...cells.map(({ name, text, isApart = false }) => {
      return element("td", { "data-name": name, class: isApart ? "apart" : "" }, text);
    }),
  );
}

/** A table heading without sorting. */
export function plainHeading(names: readonly string[]): HTMLElement {
  return element("tr", {}, ...names.map((name) => element("th", { scope: "col", class: "plain" }, name)));
}

/** A labelled list to choose one item from. */
export function chooser(
  label: string,
  options: readonly string[],
  chosen: string,
  onChange: (option: string) => void,
): HTMLElement {
  const list = options.map((option) => element("option", { value: option, selected: option === chosen }, option));
  const select = element("select", {}, ...list);
  select.addEventListener("change", () => onChange(select.value));
  return element("label", {}, `${label} `, select);
}

/** Gives an element a tooltip, shown beside the pointer, or at the element while it has the focus. */
export function tip<Target extends SVGElement>(target: Target, text: string): Target {
  const box = byId("tip");
  const show = (x: number, y: number) => {
    box.textContent = text;
    box.hidden = false;
    box.style.left = `${Math.max(8, Math.min(x + 12, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.max(8, y - box.offsetHeight - 10)}px`;
  };
  const hide = () => void (box.hidden = true);
  target.addEventListener("pointermove", (event) => show(event.clientX, event.clientY));
  target.addEventListener("focus", () => {
    const { left, top } = target.getBoundingClientRect();
    show(left, top);
  });
  target.addEventListener("pointerleave", hide);
  target.addEventListener("blur", hide);
  return target;
}

/** The first rows as the model reads them. @module */
import { byId, element } from "../../report/page/dom.ts";
import type { Answers } from "../site/protocol.ts";

/** Shows none. */
export function clearRows(): void {
  byId("rows-count").textContent = "";
  byId("rows-list").replaceChildren();
}

/** Shows them. */
export function showRows({ count, first }: Answers["rows"]): void {
  byId("rows-count").textContent = count === 1
    ? "1 row. Green tokens are taught, framed tokens are edited."
    : `${count} rows; these are the first. Green tokens are taught, framed tokens are edited.`;
  byId("rows-list").replaceChildren(...first.map((tokens) => {
    const spans = tokens.map(({ text, isTaught, isCut, isEdited }) => {
      const kinds = ["token", isTaught ? "taught" : "", isEdited ? "edited" : "", isCut ? "cut" : ""];
      return element("span", { class: kinds.filter((kind) => kind !== "").join(" ") }, text);
    });
    return element("li", {}, ...spans);
  }));
}

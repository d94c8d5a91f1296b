/** The notes on top of the page. @module */
import { byId, element } from "../../report/page/dom.ts";

/**
 * Shows a note once.
 *
 * @param isOfWork Whether it is about what was asked, and goes when something else is trained or shown.
 */
export function note(message: string, isOfWork = false): void {
  const known = Array.from(byId("notes").children, ({ textContent }) => textContent);
  if (known.includes(message)) return;
  byId("notes").append(element("li", isOfWork ? { "data-of": "work" } : {}, message));
}

/** Removes the notes about what was asked. */
export function clearNotes(): void {
  for (const item of byId("notes").querySelectorAll("[data-of=work]")) item.remove();
}

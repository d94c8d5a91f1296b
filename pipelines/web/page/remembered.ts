/** What the fields said, which is restored after a reload. @module */
import type { Choices, SiteDefaults } from "../site/protocol.ts";
import { chosen } from "./choices.ts";
import { note } from "./notes.ts";

/** The name under which the browser remembers what the fields said; other sites may have the same host. */
const remembered = `refract choices ${new URL("./", document.baseURI).pathname}`;

/** Has the browser restore the values of the fields after a reload; the site's own rows are in the site. */
export function remember(defaults: SiteDefaults): void {
  const { rows, ...found } = chosen(defaults);
  try {
    const kept = rows === defaults.choices.rows ? found : { ...found, rows };
    localStorage.setItem(remembered, JSON.stringify(kept));
  } catch {
    // A visitor may have forbidden it, or have typed more rows than the browser keeps.
    note("This browser does not keep what the fields say: a reload sets them back.");
  }
}

/** The values of the fields at the last visit, otherwise the site's own. */
export function recalled(defaults: SiteDefaults): Choices {
  try {
    return { ...defaults.choices, ...JSON.parse(localStorage.getItem(remembered) ?? "{}") };
  } catch {
    return defaults.choices;
  }
}

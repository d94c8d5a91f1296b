/** The report as one page that needs nothing else. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { pageFile, pageScript } from "./page_script.ts";
import type { ReportView } from "./report_view.ts";

/** JSON that can stand in a page: no text in it can end the script that holds it. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll(
    "\u2029",
    "\\u2029",
  );
}

/** The page of a view. */
export async function pageOf(view: ReportView): Promise<string> {
  const [page, style, script] = await Promise.all([pageFile("page.html"), pageFile("page.css"), pageScript()]);
  const slots: Readonly<Record<string, string>> = {
    "/*{style}*/": style,
    '["the view"]': embedded(view),
    "/*{script}*/": script,
  };
  // In one pass, so that nothing within a view or a source is taken for a slot.
  return page.replace(/\/\*\{style\}\*\/|\["the view"\]|\/\*\{script\}\*\//g, (slot) => ownValue(slots, slot)!);
}

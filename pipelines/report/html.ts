/** The report as one page that needs nothing else. @module */
import type { ReportView } from "./report_view.ts";

const folder = new URL("./page/", import.meta.url);

async function source(name: string): Promise<string> {
  return await (await fetch(new URL(name, folder))).text();
}

/** JSON that can stand in a page: no text in it can end the script that holds it. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll(
    "\u2029",
    "\\u2029",
  );
}

/** The page of a view. */
export async function pageOf(view: ReportView): Promise<string> {
  const [page, style, script] = await Promise.all(["page.html", "page.css", "page.js"].map(source)) as [
    string,
    string,
    string,
  ];
  return page.replace("/*{style}*/", () => style).replace(`["the view"]`, () => embedded(view)).replace(
    "/*{script}*/",
    () => script,
  );
}

/** Self-contained pages: the report's, and the parts of others. @module */
import { createHash } from "node:crypto";
import { ownValue } from "../../ops/program/own_value.ts";
import { pageFile, pageScript } from "./page_script.ts";
import type { ReportView } from "./report_view.ts";

/** JSON that can be embedded in a page: no text in it can end the script element that holds it. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll(
    "\u2029",
    "\\u2029",
  );
}

/** The content security policy of a page: its own style and script, and requests to its server if it is served. */
export function policyOf(page: string): string {
  const allowed = (tag: string) => {
    const [, content = ""] = new RegExp(`<${tag}(?: type="module")?>([^]*?)</${tag}>`).exec(page) ?? [];
    return `${tag}-src 'sha256-${createHash("sha256").update(content).digest("base64")}'`;
  };
  const others = "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'";
  return `default-src 'none'; ${allowed("style")}; ${allowed("script")}; ${others}`;
}

/** The parts of a page. */
interface PageParts {
  /** HTML with a slot for each of the others. */
  readonly page: string;
  readonly style: string;
  readonly script: string;
  /** What the script reads, as JSON. */
  readonly view: unknown;
}

/** A page whose policy allows only its own style and script. */
export function assembledPage({ page, style, script, view }: PageParts): string {
  const slots: Readonly<Record<string, string>> = {
    "/*{style}*/": style,
    '["the view"]': embedded(view),
    "/*{script}*/": script,
  };
  // In one pass, so that nothing within a view or a source is taken for a slot.
  const filled = page.replace(/\/\*\{style\}\*\/|\["the view"\]|\/\*\{script\}\*\//g, (slot) => ownValue(slots, slot)!);
  // The first one is the page's own.
  return filled.replace('"the policy"', () => `"${policyOf(filled)}"`);
}

/** The page of a view. */
export async function pageOf(view: ReportView): Promise<string> {
  const [page, style, script] = await Promise.all([pageFile("page.html"), pageFile("page.css"), pageScript()]);
  return assembledPage({ page, style, script, view });
}

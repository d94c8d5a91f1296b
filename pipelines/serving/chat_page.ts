/** The page of a server, on which two models answer side by side; it is self-contained. @module */
import { assembledPage, policyOf } from "../report/html.ts";
import { pageFile, pageScript } from "../report/page_script.ts";
import { baseName } from "./catalog.ts";
import type { Service } from "./service.ts";

const folder = new URL("./page/", import.meta.url);
const ownFile = async (name: string) => await (await fetch(new URL(name, folder))).text();

/** The parts of the page that are the same for all servers, read once. */
let parts: Promise<{ readonly page: string; readonly style: string; readonly script: string }> | undefined;

async function readParts() {
  const [page, look, own, script] = await Promise.all([
    ownFile("chat.html"),
    pageFile("page.css"),
    ownFile("chat.css"),
    pageScript(new URL("chat.ts", folder)),
  ]);
  return { page, style: look + own, script };
}

/** The page. */
export async function chatPage({ templateFor, limits }: Service): Promise<Response> {
  const view = { base: baseName, hasTemplate: templateFor !== undefined, mostTokens: limits.newTokens };
  const page = assembledPage({ ...await (parts ??= readParts()), view });
  return new Response(page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `${policyOf(page)}; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    },
  });
}

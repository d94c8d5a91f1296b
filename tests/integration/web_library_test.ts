/** A page of one's own that trains with refract.web.js. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writePageLibrary } from "../../pipelines/interchange/web/library.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { hasBrowser, inPage } from "../support/browser.ts";
import { serveFolder } from "../support/static_server.ts";

const phone = { width: 360, height: 740 };
const options = { ignore: !hasBrowser(), sanitizeResources: false, sanitizeOps: false };

Deno.test({
  name: "a custom page trains with refract.web.js",
  ...options,
  fn: () =>
    inFolder(async (folder) => {
      await writePageLibrary(folder);
      const example = fileURLToPath(new URL("../../examples/page/", import.meta.url));
      for (const name of ["index.html", "tune.js"]) await Deno.copyFile(join(example, name), join(folder, name));
      await using server = serveFolder(folder);
      await inPage(server.url, phone, async (page) => {
        await page.until(`!["", "…"].includes(document.getElementById("answer").textContent)`, 120);
        assert.ok(await page.evaluate<number>(`Number(document.getElementById("loss").textContent)`) < 0.1);
        assert.match(await page.evaluate<string>(`document.getElementById("answer").textContent`), /^ \w+mi$/);
      });
    }),
});

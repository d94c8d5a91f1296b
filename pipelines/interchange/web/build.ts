/**
 * `deno task web`: Refract for web pages, as a folder to serve: `refract.web.js` in `scripts`, with ONNX Runtime beside
 * it and the builtin models.
 *
 * @module
 */
import { join } from "node:path";
import { writePageLibrary } from "./library.ts";

const [folder = "web"] = Deno.args;

await Deno.mkdir(folder, { recursive: true });
const bytes = await writePageLibrary(folder);
console.log(`${join(folder, "scripts", "refract.web.js")}: ${(bytes / 1e3).toFixed(0)} kB, without ONNX Runtime`);

import { inProcess } from "./support/command.ts";
const t = performance.now();
const r = await inProcess("plan", "/tmp/scale-x/big/pipeline.ts", "--store", "/tmp/scale-x/big/s");
console.log(r.code, r.stderr.slice(0, 300), performance.now() - t);

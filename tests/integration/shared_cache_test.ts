/**
 * A store's shared cache on a real server: nginx, which only stores PUT files in a folder. The second machine trains
 * nothing; an unreachable server slows a run down and changes nothing else.
 *
 * @module
 */
import { freePort } from "../support/free_port.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";
import { until } from "../support/slurm.ts";

const example = fileURLToPath(new URL("../../examples/quickstart/pipeline.ts", import.meta.url));
const refract = fileURLToPath(new URL("../../pipelines/cli/refract.ts", import.meta.url));

const hasNginx = await new Deno.Command("which", { args: ["nginx"], stdout: "null" }).output().then(({ success }) =>
  success
);
if (!hasNginx) console.log("nginx is not here: no shared cache is tried on it");

/** Runs the quickstart as on a separate machine with its store in a folder, using the cache. */
async function runOn(folder: string, name: string, address: string) {
  const home = join(folder, name), out = join(home, "run");
  await Deno.mkdir(home);
  const own = ["run", "--no-prompt", "--allow-read", "--allow-env", "--allow-run", refract];
  const args = [...own, "run", example, "--out", out, "--store", address, "--threads", "1"];
  const env = { INIT_CWD: home, REFRACT_STORE_TOKEN: "token", NO_COLOR: "1" };
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, env, cwd: home }).output();
  const said = new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  const { members } = JSON.parse(await Deno.readTextFile(join(out, "results.json")));
  const cached: readonly boolean[] = members[0].stages.map((stage: { readonly cached: boolean }) => stage.cached);
  return { cached, said, weights: await Deno.readFile(join(out, "members/main/intervention/weights.safetensors")) };
}

Deno.test({
  name: "two machines share results through nginx, and continue when it is gone",
  ignore: !hasNginx,
  fn: () =>
    inFolder(async (folder) => {
      const port = freePort(), address = `http://127.0.0.1:${port}/refract`, files = join(folder, "files");
      await Deno.mkdir(files);
      await Deno.chmod(folder, 0o755);
      await Deno.writeTextFile(
        join(folder, "nginx.conf"),
        `daemon off; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events {}
http {
  access_log ${folder}/access.log; client_body_temp_path ${folder}/body; client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    location /refract/ { alias ${files}/; dav_methods PUT; create_full_put_path on; if ($http_authorization != "Bearer token") { return 401; } }
  }
}
`,
      );
      const args = ["-c", join(folder, "nginx.conf"), "-p", folder];
      const server = new Deno.Command("nginx", { args, stdout: "null", stderr: "null" }).spawn();
      try {
        await until(async () =>
          await fetch(address).then(async (answer) => {
            await answer.body?.cancel();
            return true;
          }, () => false), "nginx");
        const one = await runOn(folder, "one", address), other = await runOn(folder, "other", address);
        assert.deepEqual(one.cached, one.cached.map(() => false));
        assert.deepEqual(other.cached, one.cached.map(() => true));
        assert.deepEqual(other.weights, one.weights);
        assert.doesNotMatch(one.said + other.said, /fails/);
      } finally {
        server.kill("SIGQUIT");
        await server.status;
      }
      const alone = await runOn(folder, "alone", address);
      assert.deepEqual(alone.cached, alone.cached.map(() => false));
      assert.match(alone.said, new RegExp(`shared cache at 127.0.0.1:${port} fails`));
    }),
});

/** A Slurm cluster of only this machine, for a test. @module */
import { freePort } from "./free_port.ts";
import assert from "node:assert/strict";
import { join } from "node:path";

/** Runs a program and returns what it prints. */
export async function printed(
  [command = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, `${command} ${args.join(" ")}: ${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

/** Whether Slurm and munge are installed and can start, which only root can do. */
export async function hasSlurm(): Promise<boolean> {
  const found = await Promise.all(["slurmctld", "slurmd", "munged", "sbatch"].map(async (name) => {
    return await new Deno.Command("which", { args: [name], stdout: "null" }).output().then(({ success }) => success);
  }));
  const user = await printed(["id", "-u"]);
  return found.every(Boolean) && user.trim() === "0";
}

/** Runs a test with a cluster whose files are all in a folder; the test gets the environment of Slurm's commands. */
export async function withSlurm(
  folder: string,
  test: (env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const host = (await printed(["hostname", "-s"])).trim(), at = (name: string) => join(folder, name);
  const conf = `ClusterName=one
SlurmctldHost=${host}
AuthType=auth/munge
AuthInfo=socket=${at("munge.socket")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
ReturnToService=2
SlurmUser=root
SlurmctldPidFile=${at("slurmctld.pid")}
SlurmctldPort=${freePort()}
SlurmctldLogFile=${at("slurmctld.log")}
SlurmdPidFile=${at("slurmd.pid")}
SlurmdPort=${freePort()}
SlurmdLogFile=${at("slurmd.log")}
SlurmdSpoolDir=${at("spool")}
StateSaveLocation=${at("state")}
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobRequeue=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
NodeName=${host} CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
  for (const name of ["state", "spool"]) await Deno.mkdir(at(name), { recursive: true });
  await Deno.writeTextFile(at("slurm.conf"), conf);
  await Deno.writeFile(at("munge.key"), crypto.getRandomValues(new Uint8Array(128)), { mode: 0o400 });
  const env = { SLURM_CONF: at("slurm.conf") }, daemons: Deno.ChildProcess[] = [];
  const start = (command: string, args: readonly string[]) => {
    daemons.push(new Deno.Command(command, { args: [...args], env, stdout: "null", stderr: "null" }).spawn());
  };
  const own = ["socket", "pid-file", "log-file", "seed-file"].map((name) =>
    `--${name}=${at(`munge.${name.split("-")[0]}`)}`
  );
  try {
    start("munged", ["--foreground", "--force", `--key-file=${at("munge.key")}`, ...own]);
    await until(async () => await Deno.stat(at("munge.socket")).then(() => true, () => false), "munge's socket");
    start("slurmctld", ["-D"]);
    start("slurmd", ["-D"]);
    await until(async () => {
      const { stdout } = await new Deno.Command("sinfo", { args: ["-h", "-o", "%T"], env, stderr: "null" }).output();
      return new TextDecoder().decode(stdout).trim() === "idle";
    }, "an idle node");
    await test(env);
  } finally {
    for (const daemon of daemons.toReversed()) {
      daemon.kill("SIGKILL");
      await daemon.status;
    }
  }
}

/** Waits for a condition, by default for at most four minutes. */
export async function until(holds: () => Promise<boolean>, what: string, seconds = 240): Promise<void> {
  for (const end = performance.now() + 1000 * seconds; !await holds();) {
    assert.ok(performance.now() < end, `waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Two machines that share folders of a third over NFS. @module */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Guest, isInstalled, missingForGuests } from "./guests.ts";
import { printed } from "./slurm.ts";

/** What the server exports from `/srv`: a folder on a disk that outlives a restart, and a disk of four megabytes. */
const exported = { store: "/store", full: "/full" };

/** Seconds after which a server forgets a client that is silent, and for which it waits for clients after a restart. */
const lease = 20;

/** The machines. */
export interface Nfs {
  readonly server: Guest;
  readonly clients: readonly [Guest, Guest];
}

/** What is missing here; undefined if nothing is. */
export async function missingForNfs(): Promise<string | undefined> {
  for (const name of ["exportfs", "rpc.nfsd", "nfsdcld", "rpcbind", "mount.nfs", "mkfs.ext4"]) {
    if (!await isInstalled(name)) return `${name} is not installed`;
  }
  return await missingForGuests();
}

const exportOptions = "sync,no_root_squash,no_subtree_check";

/** Starts the service. */
const service = `
mkdir -p /disk
mount /dev/vda /disk
mkdir -p /disk/store /disk/state/v4recovery /disk/state/nfsdcld /disk/state/sm /disk/state/sm.bak
mount --bind /disk/state /var/lib/nfs
mount -t tmpfs srv /srv
mkdir -p /srv/store /srv/full
mount --bind /disk/store /srv/store
touch /var/lib/nfs/etab /var/lib/nfs/rmtab
mount -t tmpfs -o size=4m full /srv/full
mkdir -p /run/rpc_pipefs && mount -t rpc_pipefs pipes /run/rpc_pipefs
mount -t nfsd nfsd /proc/fs/nfsd
echo ${lease} > /proc/fs/nfsd/nfsv4leasetime
echo ${lease} > /proc/fs/nfsd/nfsv4gracetime
rpcbind
rpc.statd
nfsdcld
exportfs -o ro,no_subtree_check,fsid=0,crossmnt '*:/srv'
exportfs -o rw,${exportOptions},fsid=1 '*:/srv${exported.store}'
exportfs -o rw,${exportOptions},fsid=2 '*:/srv${exported.full}'
rpc.mountd
rpc.nfsd 8
`;

/** Lets clients write to the server's folder, or only read it. */
export async function permitted(server: Guest, access: "rw" | "ro"): Promise<void> {
  await server.printed(`exportfs -o ${access},${exportOptions},fsid=1 '*:/srv${exported.store}'`);
}

/** Boots the machines in an empty folder, runs a test with them, and cuts their power. */
export async function withNfs(folder: string, test: (nfs: Nfs) => Promise<void>): Promise<void> {
  const disk = join(folder, "disk");
  await Deno.writeFile(disk, new Uint8Array());
  await Deno.truncate(disk, 2 ** 30);
  await printed(["mkfs.ext4", "-q", disk], { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" });
  const cable = (from: string, to: string, at: number) => join(folder, `${from}-${to}-${at}`);
  const client = (at: number) =>
    new Guest(join(folder, `client-${at}`), {
      name: `client-${at}`,
      memory: 3000,
      minutes: at === 1 ? 0 : 7,
      cards: [{ socket: cable("c", "s", at), other: cable("s", "c", at), address: `10.77.${at}.2/24` }],
      modules: ["nfsv4", "nfsv3"],
    });
  await using server = new Guest(join(folder, "server"), {
    name: "server",
    memory: 700,
    disk,
    cards: [1, 2].map((at) => ({
      socket: cable("s", "c", at),
      other: cable("c", "s", at),
      address: `10.77.${at}.1/24`,
    })),
    modules: ["virtio_blk", "ext4", "nfsd"],
  });
  await using first = client(1);
  await using second = client(2);
  await Promise.all([startServer(server), startClient(first), startClient(second)]);
  await test({ server, clients: [first, second] });
}

/** Boots the server, also after its power was cut. */
export async function startServer(server: Guest): Promise<void> {
  await server.start();
  await server.printed(service);
}

/** Boots a client, also after its power was cut. It has nothing mounted. */
export async function startClient(client: Guest): Promise<void> {
  await client.start();
  const { denoDir } = JSON.parse(await printed([Deno.execPath(), "info", "--json"])) as { denoDir: string };
  // Deno's packages are this machine's; what it caches of its own is not, since the processors differ.
  const packages = ["npm", "remote", "gen", "dl"].map((name) => `ln -s '${denoDir}/${name}' /tmp/deno-guest`);
  await client.printed(`mkdir -p /mnt/store /mnt/full /tmp/deno-guest
${packages.join("\n")}
rpcbind
rpc.statd --no-notify`);
}

/** A script that runs a program of this repository in a client. */
export function inDeno(program: string, args: readonly (string | number)[]): string {
  const path = fileURLToPath(new URL(`../../${program}`, import.meta.url));
  const words = [Deno.execPath(), "run", "--quiet", "--no-check", "--no-prompt", "--allow-all", path, ...args];
  const env = "DENO_DIR=/tmp/deno-guest NO_COLOR=1 DENO_NO_UPDATE_CHECK=1";
  return `cd '${dirname(path)}' && ${env} ${words.map((word) => `'${word}'`).join(" ")}`;
}

/** Mounts the server's folders in a client, instead of what is mounted there. */
export async function mounted(client: Guest, options: string): Promise<void> {
  const [, at] = client.name.split("-"), root = options.startsWith("vers=3") ? "/srv" : "";
  for (const [name, path] of Object.entries(exported)) {
    await client.printed(`umount /mnt/${name} 2> /dev/null || true
mount -t nfs -o ${options} 10.77.${at}.1:${root}${path} /mnt/${name}`);
  }
}

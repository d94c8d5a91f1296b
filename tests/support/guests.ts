/**
 * Virtual machines with kernels, clocks and caches of their own, for tests of what one machine can't show. A guest sees
 * this machine's files, and what it writes to them stays in its own memory.
 *
 * They need Debian's qemu-system-x86 and busybox-static, and the unpacked files of a kernel package, `boot` and
 * `lib/modules`, in the folder REFRACT_GUEST_KERNEL, by default `refract-guest-kernel` among the temporary files:
 *
 * ```sh
 * apt-get download "$(apt-cache depends linux-image-amd64 | awk '/Depends/ { print $2 }')"
 * dpkg-deb -x linux-image-*.deb /tmp/refract-guest-kernel
 * ```
 *
 * Their processor is emulated, some twenty times slower than this one, so that no support for nested machines is needed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Outcome } from "./command.ts";
import { printed, until } from "./slurm.ts";

/** How a guest is made. */
export interface GuestSettings {
  /** Its host name. */
  readonly name: string;
  /** In megabytes. */
  readonly memory: number;
  /** How far its clock is ahead of this machine's, in minutes. */
  readonly minutes?: number;
  /** A file that it has as a disk, `/dev/vda`. */
  readonly disk?: string;
  /** Its network cards: each is a cable between two sockets, its own and another's. */
  readonly cards: readonly { readonly socket: string; readonly other: string; readonly address: string }[];
  /** Kernel modules that it loads. */
  readonly modules: readonly string[];
}

const kernel = Deno.env.get("REFRACT_GUEST_KERNEL") ?? join(tmpdir(), "refract-guest-kernel");
const emulator = "qemu-system-x86_64";

/** What is missing here for guests; undefined if nothing is. */
export async function missingForGuests(): Promise<string | undefined> {
  if (!await exists(join(kernel, "lib", "modules"))) return `there is no kernel in ${kernel}`;
  for (const name of [emulator, "busybox"]) if (!await isInstalled(name)) return `${name} is not installed`;
  return undefined;
}

/** Whether a program can be found. */
export async function isInstalled(name: string): Promise<boolean> {
  const command = new Deno.Command("sh", { args: ["-c", `command -v ${name}`], stdout: "null", env: { PATH: paths } });
  return (await command.output()).success;
}

const paths = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A guest. Disposing of it cuts its power. */
export class Guest implements AsyncDisposable {
  readonly #settings: GuestSettings;
  readonly #folder: string;
  readonly #exchange: string;
  #machine: Deno.ChildProcess | undefined;
  #commands = 0;

  /** @param folder An empty folder for its files; `console.log` is what its kernel prints. */
  constructor(folder: string, settings: GuestSettings) {
    this.#folder = folder;
    this.#settings = settings;
    this.#exchange = join(folder, "exchange");
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Boots it; takes ten seconds or so. */
  async start(): Promise<void> {
    const { memory, disk, cards } = this.#settings;
    await Deno.mkdir(this.#exchange, { recursive: true });
    const [image, initial] = await bootFiles(this.#folder, this.#settings);
    for (const { socket } of cards) await Deno.remove(socket).catch(() => {});
    const shared = (
      tag: string,
      path: string,
      more: string,
    ) => ["-virtfs", `local,path=${path},mount_tag=${tag},security_model=none,multidevs=remap${more}`];
    const args = [
      ...["-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", `${memory}`, "-nodefaults", "-display", "none"],
      ...["-serial", `file:${join(this.#folder, "console.log")}`, "-kernel", image, "-initrd", initial],
      ...["-append", "console=ttyS0 quiet panic=-1", "-no-reboot"],
      ...shared("host", "/", ",readonly=on"),
      ...shared("exchange", this.#exchange, ""),
      ...(disk === undefined ? [] : ["-drive", `file=${disk},format=raw,if=virtio,cache=writeback`]),
      ...cards.flatMap(({ socket, other }, at) => [
        "-netdev",
        `dgram,id=net${at},local.type=unix,local.path=${socket},remote.type=unix,remote.path=${other}`,
        "-device",
        `virtio-net-pci,netdev=net${at},mac=${macOf(socket)}`,
      ]),
    ];
    this.#machine = new Deno.Command("nice", {
      args: ["-n", "5", emulator, ...args],
      stdout: "null",
      stderr: "inherit",
    })
      .spawn();
    try {
      await until(() => exists(join(this.#exchange, "ready")), `the guest ${this.name}`);
    } catch (fault) {
      await this.cut();
      const printed = await Deno.readTextFile(join(this.#folder, "console.log")).catch(() => "");
      throw new Error(`${this.name} does not start; it printed: ${printed.slice(-2000)}`, { cause: fault });
    }
  }

  /** Runs a shell script in the guest. */
  async run(script: string, seconds: number = 240): Promise<Outcome> {
    const at = join(this.#exchange, `${++this.#commands}`);
    await Deno.writeTextFile(`${at}.new`, `export PATH=${paths} HOME=/root\n${script}\n`);
    await Deno.rename(`${at}.new`, `${at}.sh`);
    const machine = this.#machine;
    await until(
      async () => machine !== this.#machine || await exists(`${at}.code`),
      `${this.name} to run: ${script}`,
      seconds,
    );
    if (machine !== this.#machine) return { code: -1, stdout: "", stderr: "its power was cut" };
    const [stdout, stderr, code] = await Promise.all(
      ["out", "err", "code"].map((end) => Deno.readTextFile(`${at}.${end}`)),
    );
    return { code: Number(code), stdout: stdout!, stderr: stderr! };
  }

  /** Runs a script that must succeed, and returns what it prints. */
  async printed(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(`set -e\n${script}`);
    assert.equal(code, 0, `${this.name}: ${script}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Cuts its power. It may be started again: what was synced to its disk is there. */
  async cut(): Promise<void> {
    const machine = this.#machine;
    this.#machine = undefined;
    machine?.kill("SIGKILL");
    await machine?.status;
    await Deno.remove(this.#exchange, { recursive: true }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }
}

/** An address for a card, by the name of its socket. */
function macOf(socket: string): string {
  const hash = [...basename(socket)].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 2 ** 24, 0);
  return `52:54:00:${hash.toString(16).padStart(6, "0").match(/../g)!.join(":")}`;
}

/** The kernel's image, and the first file system of a guest: busybox, and the modules to see this machine's files. */
async function bootFiles(folder: string, settings: GuestSettings): Promise<[image: string, initial: string]> {
  const [version] = Array.from(Deno.readDirSync(join(kernel, "lib", "modules")), ({ name }) => name);
  const modules = join(kernel, "lib", "modules", version!), root = join(folder, "initial");
  if (!await exists(join(modules, "modules.dep"))) await printed(["busybox", "depmod", "-b", kernel, version!]);
  const needs = new Map(
    (await Deno.readTextFile(join(modules, "modules.dep"))).trim().split("\n").map((line) => {
      const [path = "", ...others] = line.split(/:? +|:$/).filter((each) => each !== "");
      return [basename(path, ".ko"), [...others.toReversed(), path]] as const;
    }),
  );
  const loaded = new Set(["virtio_pci", "9pnet_virtio", "9p", "overlay"].flatMap((name) => needs.get(name) ?? []));
  await Deno.mkdir(join(root, "bin"), { recursive: true });
  await printed(["cp", (await printed(["sh", "-c", "command -v busybox"])).trim(), join(root, "bin", "busybox")]);
  for (const path of loaded) await Deno.copyFile(join(modules, path), join(root, basename(path)));
  await Deno.writeTextFile(join(root, "init"), firstScript([...loaded], kernel, settings), { mode: 0o755 });
  const archive = `cd '${root}' && find . | busybox cpio -o -H newc > '${root}.cpio' 2> /dev/null`;
  await printed(["sh", "-c", archive]);
  await Deno.remove(root, { recursive: true });
  return [join(kernel, "boot", `vmlinuz-${version}`), `${root}.cpio`];
}

/** What a guest's first process does: see this machine's files under a layer of its own, then run what it is given. */
function firstScript(loaded: readonly string[], from: string, settings: GuestSettings): string {
  const { name, minutes = 0, cards, modules } = settings;
  return `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /below /above /root
/bin/busybox --install -s /bin
export PATH=/bin:/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
${loaded.map((path) => `insmod /${basename(path)}`).join("\n")}
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /below
mount -t tmpfs -o size=60% above /above
mkdir /above/files /above/work
mount -t overlay -o lowerdir=/below,upperdir=/above/files,workdir=/above/work root /root
for each in proc sys dev; do mount --move /$each /root/$each; done
mount -t tmpfs run /root/run
mkdir -p /root/mnt/exchange /root/lib/modules
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 exchange /root/mnt/exchange
mount -o bind '/below${from}/lib/modules' /root/lib/modules
[ -e /root/sbin/modprobe ] || ln -s /bin/busybox /root/sbin/modprobe
hostname ${name}
date -s @$(($(date +%s) + 60 * ${minutes})) > /dev/null
for each in virtio_net ${modules.join(" ")}; do chroot /root /bin/busybox modprobe $each; done
ip link set lo up
${cards.map(({ address }, at) => `ip addr add ${address} dev eth${at}; ip link set eth${at} up`).join("\n")}
cat > /root/mnt/exchange/loop << 'END'
cd /mnt/exchange
touch ready
while :; do
  for each in *.sh; do
    [ -e "$each" ] || continue
    name="\${each%.sh}"
    mv "$each" "$name.started"
    (cd /; /bin/sh "/mnt/exchange/$name.started" > "/mnt/exchange/$name.out" 2> "/mnt/exchange/$name.err"
      echo $? > "/mnt/exchange/$name.part"; mv "/mnt/exchange/$name.part" "/mnt/exchange/$name.code") &
  done
  /bin/busybox sleep 0.1
done
END
exec chroot /root /bin/sh /mnt/exchange/loop < /dev/null
`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

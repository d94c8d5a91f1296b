/** `deno task doctor`. @module */
import { providers } from "../../../ops/onnx/providers.ts";
import type { Provider } from "../../../ops/onnx/model.ts";
import { RequestError } from "../../common/errors.ts";
import { formatSize } from "../../common/size.ts";
import { quote } from "../../common/suggest.ts";
import { installWheel, missingOf } from "../../doctor/install.ts";
import { machineMemory } from "../../common/machine_memory.ts";
import { type Gpu, leastDriver, nvidiaGpus, processorName } from "../../doctor/machine.ts";
import { cudaWheels } from "../../doctor/wheels.ts";
import { linkLibraries } from "../../runtime/binding.ts";
import { runtimeVersion } from "../../schedule/context/run_context.ts";
import { bytesProgress } from "../../schedule/context/work.ts";
import { command } from "../arguments/command.ts";
import { flag, optional, type OptionValues, text } from "../arguments/option.ts";
import { libraryFolder } from "../launch/libraries.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import { formatSeconds, type Terminal } from "../terminal/terminal.ts";
import { differenceOf, prove } from "./provider_proof.ts";

const declared = {
  install: flag("downloads the libraries that the CUDA provider lacks, 1.3 GB, from the package index"),
  index: optional(text("URL"), "a package index to use instead of PyPI, as in https://mirror.example/simple/"),
  json: flag("prints JSON on stdout"),
};

/** Shows what this machine can run on, and what is missing. */
export const doctorCommand = command({
  name: "doctor",
  summary:
    "Shows which providers work on this machine, tests them with a few training steps, and installs CUDA's libraries.",
  parameters: [],
  options: declared,
  examples: ["doctor", "doctor --install"],
  run: (_, options, { terminal }) => doctor(options, terminal),
});

/** What was found about a provider on this machine. */
interface Finding {
  readonly provider: Provider;
  readonly works: boolean;
  /** What was measured, or what is missing and the command that installs it. */
  readonly says: string;
  /** The largest relative difference of a loss from the CPU's. */
  readonly difference?: number;
  readonly stepSeconds?: number;
}

async function doctor(options: OptionValues<typeof declared>, terminal: Terminal): Promise<void> {
  if (options.install) await install(options.index, terminal);
  const processor = processorName(), memory = machineMemory(), gpus = await nvidiaGpus();
  const threads = navigator.hardwareConcurrency;
  const host = await prove("cpu"), findings: Finding[] = [];
  for (const provider of providers) {
    terminal.write(`trying ${provider}…\n`);
    findings.push(provider === "cpu" ? worked(provider, host, host) : await findingOf(provider, gpus, host));
  }
  if (options.json) {
    const all = { processor, threads, memory, gpus, runtime: runtimeVersion, providers: findings };
    return terminal.print(JSON.stringify(all, null, 2));
  }
  const has = memory === undefined ? "" : `, ${formatSize(memory)} of memory`;
  terminal.print(`${processor}, ${threads} threads${has}, ${runtimeVersion}`);
  for (const { name, driver, memory } of gpus) terminal.print(`${name}, ${formatSize(memory)}, driver ${driver}`);
  for (const { provider, works, says } of findings) {
    terminal.print(`${works ? "✓" : "✗"} ${provider.padEnd(7)} ${says}`);
  }
}

type Proved = Awaited<ReturnType<typeof prove>>;

function worked(provider: Provider, proof: Proved, host: Proved): Finding {
  const difference = differenceOf(host.losses, proof.losses), works = difference < 1e-3;
  const against = provider === "cpu" ? "" : `losses within ${difference.toExponential(1)} of the CPU's, `;
  const says = works
    ? `trains; ${against}a step of builtin:tiny takes ${formatSeconds(proof.seconds)}`
    : `its losses differ from the CPU's by ${difference.toExponential(1)}: do not use it, and report its driver`;
  return { provider, works, says, difference, stepSeconds: proof.seconds };
}

async function findingOf(provider: Provider, gpus: readonly Gpu[], host: Proved): Promise<Finding> {
  const lacks = provider === "cuda" ? cudaLacks(gpus) : undefined;
  if (lacks !== undefined) return { provider, works: false, says: lacks };
  try {
    return worked(provider, await prove(provider), host);
  } catch (fault) {
    const says = fault instanceof Error ? fault.message : String(fault);
    return { provider, works: false, says: says.replaceAll(/\s+/g, " ").slice(0, 400) };
  }
}

/** What the CUDA provider lacks, and the remedy; `undefined` if nothing is known to be missing. */
function cudaLacks(gpus: readonly Gpu[]): string | undefined {
  if (!isPublishedFor()) return `does not exist for ${Deno.build.os} on ${Deno.build.arch}`;
  const [gpu] = gpus;
  if (gpu === undefined) return `no NVIDIA driver is loaded; install one for your GPU, version ${leastDriver} or later`;
  if (Number.parseInt(gpu.driver) < leastDriver) {
    return `the driver is ${gpu.driver}, but CUDA 13 needs ${leastDriver} or later`;
  }
  const folder = cudaFolder(), missing = cudaWheels.flatMap((wheel) => missingOf(wheel, folder));
  return missing.length === 0 ? undefined : `lacks ${missing.join(", ")}; deno task doctor --install installs them`;
}

const isPublishedFor = () => Deno.build.os === "linux" && Deno.build.arch === "x86_64";

function cudaFolder(): string {
  const folder = libraryFolder((name) => Deno.env.get(name));
  if (folder === undefined) {
    throw new RequestError("neither HOME nor XDG_CACHE_HOME is set, so there is no folder for libraries; set one");
  }
  return folder;
}

/** Downloads the missing libraries and makes the runtime find them. */
async function install(index: string | undefined, terminal: Terminal): Promise<void> {
  if (index !== undefined && !["http:", "https:"].includes(URL.parse(index)?.protocol ?? "")) {
    throw new RequestError(
      `--index ${quote(index)} is not the address of a package index; write it as https://mirror.example/simple/`,
    );
  }
  if (!isPublishedFor()) {
    throw new RequestError(
      `CUDA's libraries are published for Linux on x86-64, but this is ${Deno.build.os} on ${Deno.build.arch}`,
    );
  }
  const folder = cudaFolder(), show = bytesProgress(terminalEvents(terminal), "download");
  await Deno.mkdir(folder, { recursive: true });
  for (const wheel of cudaWheels) {
    if (missingOf(wheel, folder).length > 0) {
      await installWheel(wheel, folder, { index, progress: (done, total) => show(done, total, wheel.project) });
    }
  }
  linkLibraries(folder);
  terminal.print(`CUDA's libraries are in ${folder}`);
}

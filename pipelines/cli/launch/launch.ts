/**
 * Starts the program of a command with its own permissions and no others. A copy of Refract on disk and one at a URL
 * are started alike.
 *
 * @module
 */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ownValue } from "../../../ops/program/own_value.ts";
import { gpuTool } from "../../doctor/machine.ts";
import { code } from "../../tasks/code.ts";
import {
  flagsOf,
  type Grants,
  grantsOf,
  isCommandName,
  type Place,
  placeOf,
  withAsked,
  withGpuTool,
  within,
  withJudge,
  withMlflow,
  withPipeline,
  withPrograms,
  withServer,
  withStore,
  writing,
} from "./grants.ts";
import { readProxies } from "../../common/proxies.ts";
import { askedIn } from "./asked.ts";
import { type Project, projectOf, resolvedFrom, resolvedImports } from "./project.ts";

/** What this program itself needs, as flags of `deno run`: it loads only its own files, and starts Deno. */
export const launchFlags = ["--no-prompt", "--allow-read", "--allow-env", "--allow-run"] as const;

/** Without it Deno occasionally asks its own server whether there is a newer version. */
export const noUpdateCheck = { DENO_NO_UPDATE_CHECK: "1" } as const;

/** The program that runs commands, from a copy's folder. */
const program = "pipelines/cli/main.ts";

/** A copy of Refract. */
export interface Copy {
  /** The URL of its deno.json. */
  readonly config: string;
  /** The imports of its deno.json. */
  readonly imports: Readonly<Record<string, string>>;
}

/** What a command is called with. */
interface Call {
  /** The command's arguments, and any additional permissions for the pipeline. */
  readonly args: readonly string[];
  /** The caller's folder. */
  readonly folder: string;
  /** The value of HF_ENDPOINT. */
  readonly endpoint?: string | undefined;
  /** The folder of Hugging Face's cache. */
  readonly hub?: string | undefined;
}

/** Another copy of Refract than the one called. */
export class OtherCopyError extends Error {}

/**
 * The arguments for Deno that run a call.
 *
 * @throws {OtherCopyError} If the caller's or the pipeline's project uses another copy of Refract.
 */
export function denoArguments(copy: Copy, { args, folder, endpoint, hub }: Call): string[] {
  const own = args.filter((argument) => !isPermission(argument)), [command, first] = own;
  const { flags, main } = importsFor(copy, projectOf(folderOf(first, folder)) ?? projectOf(folder));
  const remote = new URL(copy.config).protocol === "file:" ? undefined : new URL(copy.config).host;
  const name = isCommandName(command) ? command : undefined, usual = grantsOf(name, endpoint);
  const store = optionIn(own, "--store"), forCall = grantedFor(usual, own, folder);
  const reaching = store === undefined ? forCall : withStore(forCall, store, readProxies((name) => Deno.env.get(name)));
  const granted = placed(reaching, placeOf(name), copy, { args: own, folder, hub });
  const reached = remote === undefined
    ? granted
    : { ...granted, net: [...granted.net ?? [], remote], import: [...granted.import ?? [], remote] };
  return [
    "run",
    "--no-prompt",
    "--frozen=false",
    ...flags,
    ...flagsOf(reached),
    heapLimits,
    ...unstableFlags(command),
    ...args.filter(isPermission),
    main,
    ...own,
  ];
}

/**
 * The size of V8's young generation, in MB for each of its two semi-spaces. Rows that are read one after the other
 * become garbage at once; with V8's default of 16 MB, more of them wait to be collected: 316 MB at most instead of 250
 * for 450,000 rows. The heap may grow by as much as is in use before it is collected, and not by the multiple that V8
 * allows.
 */
const heapLimits = "--v8-flags=--max-semi-space-size=8,--heap-growing-percent=100";

/** What a call's own arguments need in addition. */
function grantedFor(usual: Grants, own: readonly string[], folder: string): Grants {
  const [command] = own,
    index = optionIn(own, "--index"),
    address = optionIn(own, command === "judge" ? "--endpoint" : "--mlflow");
  switch (command) {
    case "run": {
      const reaching = address === undefined ? usual : withMlflow(usual, address);
      return own[1] === undefined ? reaching : withAsked(reaching, askedIn(resolve(folder, own[1])));
    }
    case "judge":
      return address === undefined ? usual : withJudge(usual, address, optionIn(own, "--key"));
    case "doctor":
      return withGpuTool(index === undefined ? usual : withStore(usual, index), isProgram(gpuTool));
    case "serve":
      return withServer(usual, optionIn(own, "--host"), optionIn(own, "--api-key"));
    case "export":
      return optionIn(own, "--to") === "web" ? withPrograms(withPipeline(usual)) : usual;
    case "score":
      return own.some((argument) => Object.hasOwn(code, argument)) ? withPrograms(usual) : usual;
    default:
      return usual;
  }
}

/** How many seconds a server's answers may take after SIGTERM, by default. */
export const usualDrainSeconds = 30;

/**
 * How long a call may take to end after a system's signal, in milliseconds, if not as long as most: a server finishes
 * its answers, gives up on those that take too long, and only then is too busy to listen.
 */
export function unwindingOf(args: readonly string[]): number | undefined {
  if (args[0] !== "serve") return undefined;
  const seconds = Number(optionIn(args, "--drain-seconds") ?? usualDrainSeconds);
  // Another value is refused before anything is served.
  return Number.isFinite(seconds) ? Math.min(seconds * 1000 + 5000, 2 ** 31 - 1) : undefined;
}

/** Makes Deno abort a request when its client disconnects, and not whenever it is answered. */
function unstableFlags(command: string | undefined): readonly string[] {
  return command === "serve" ? ["--unstable-no-legacy-abort"] : [];
}

/** Whether the system finds a program by its name. */
function isProgram(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(join(folder, name)).isFile;
    } catch {
      return false;
    }
  });
}

/** Limits permissions to the paths that a command is given, or to its store. */
function placed(
  granted: Grants,
  place: Place | undefined,
  { config }: Copy,
  { args, folder, hub }: Pick<Call, "args" | "folder" | "hub">,
): Grants {
  if (place === undefined) return granted;
  const own = new URL(config), copy = own.protocol === "file:" ? [dirname(fileURLToPath(own))] : [];
  const absolute = (path: string) => isAbsolute(path) ? path : join(folder, path);
  if (place === "arguments") {
    const paths = args.slice(1).map((argument) => argument.replace(/^--?[\w-]+=/, ""))
      .filter((argument) => !argument.startsWith("-") && argument !== "");
    return within(granted, paths.flatMap((path) => withTarget(absolute(path))), copy);
  }
  const named = optionIn(args, "--store"),
    given = named?.includes("://") ? undefined : named,
    project = projectOf(folder)?.folder;
  // A shared cache, at a URL, has the default store in front of it.
  const stores = given === undefined || /^https?:/i.test(given)
    ? [project, place === "caches" ? projectOf(folderOf(args[1], folder))?.folder : undefined, folder]
      .flatMap((each) => each === undefined ? [] : [join(each, ".refract", "store")])
    : [absolute(given)];
  if (place === "caches") return writing(granted, [...stores, ...hub === undefined ? [] : [hub]].flatMap(withTarget));
  const [store = folder] = stores;
  // The command also looks for the project.
  return within(granted, withTarget(store), [...copy, ...above(folder).map((each) => join(each, "deno.json"))]);
}

/** A path, and its target if it is a link. */
function withTarget(path: string): string[] {
  try {
    return [...new Set([path, Deno.realPathSync(path)])];
  } catch {
    return [path];
  }
}

/** A folder and all its ancestors. */
function above(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}

/** Whether an argument grants a pipeline more, as in `--allow-net=example.com`. */
function isPermission(argument: string): boolean {
  return /^--allow-(?:env|ffi|import|net|read|run|sys|write)(?:=.*)?$/.test(argument);
}

/** The value of an option, as written. */
function optionIn(args: readonly string[], name: string): string | undefined {
  const at = args.findIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  return args[at] === name ? args[at + 1] : args[at]?.slice(name.length + 1);
}

/** The folder of a file that a command's first argument may name. */
function folderOf(argument: string | undefined, folder: string): string {
  if (argument === undefined || argument.startsWith("-")) return folder;
  return dirname(isAbsolute(argument) ? argument : join(folder, argument));
}

/**
 * How a pipeline and Refract itself find their imports: through the copy's own deno.json, and the project's.
 *
 * @returns Flags for Deno, and the URL of the program that runs commands.
 */
function importsFor(copy: Copy, project: Project | undefined): { readonly flags: string[]; readonly main: string } {
  const own = Object.fromEntries(
    Object.entries(copy.imports).map(([name, address]) => [name, resolvedFrom(copy.config, address)]),
  );
  const isOnDisk = new URL(copy.config).protocol === "file:", main = new URL(program, copy.config).href;
  if (project === undefined) return { flags: isOnDisk ? [] : ["--no-config", importMap(own)], main };
  const theirs = resolvedImports(project), mapped = theirs["refract"];
  if (mapped === undefined || !isSame(mapped, own["refract"])) {
    throw new OtherCopyError(
      `${project.file} maps "refract" to ${mapped}, but this is ${own["refract"]}; ` +
        "call that copy's command, as its deno task does, or change the map",
    );
  }
  const hasAll = Object.entries(own).every(([name, address]) => ownValue(theirs, name) === address);
  if (!isOnDisk) {
    return { flags: ["--config", project.file, ...hasAll ? [] : [importMap({ ...theirs, ...own })]], main };
  }
  if (hasAll && Object.keys(theirs).length === Object.keys(own).length) return { flags: [], main };
  // Deno makes a package of a copy that a deno.json maps to, and reads the copy's own imports from its deno.json; the
  // program must be in the folder that the map names, which may be a link. An import map in addition makes it panic.
  return { flags: ["--config", project.file], main: new URL(program, mapped).href };
}

/** An import map as Deno derives it from a deno.json's imports, where a package's name also maps its subpaths. */
function importMap(imports: Readonly<Record<string, string>>): string {
  const parts = Object.entries(imports).flatMap(([name, address]) => {
    const [, scheme, packageName] = /^(npm|jsr):\/?(.+)$/.exec(address) ?? [];
    return scheme === undefined || name.endsWith("/") ? [] : [[`${name}/`, `${scheme}:/${packageName}/`]];
  });
  const all = { ...Object.fromEntries(parts), ...imports };
  return `--import-map=data:application/json,${encodeURIComponent(JSON.stringify({ imports: all }))}`;
}

/** Whether two URLs refer to one module; a file may have several paths. */
function isSame(one: string | undefined, other: string | undefined): boolean {
  const place = (address = "") => {
    if (!address.startsWith("file:")) return address;
    try {
      return Deno.realPathSync(new URL(address));
    } catch {
      return address;
    }
  };
  return place(one) === place(other);
}

/** `deno task serve`: serves a model with its edits through OpenAI's API. @module */
import { join } from "node:path";
import { mostSeconds } from "../../common/checks.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { trainedIds } from "../../compile/parameters/trained_interventions.ts";
import { isIntervention } from "../../compile/parameters/trained_interventions.ts";
import { quantizationNames } from "../../models/weights/quantization.ts";
import { noteTo } from "../../schedule/context/work.ts";
import { ApiError } from "../../serving/api_error.ts";
import { openService } from "../../serving/open_service.ts";
import { serve } from "../../serving/serve.ts";
import { command, type CommandContext } from "../arguments/command.ts";
import { runtimeOptions } from "../arguments/common_options.ts";
import {
  choice,
  integer,
  optional,
  type OptionValues,
  repeatable,
  size,
  text,
  withDefault,
} from "../arguments/option.ts";
import { isVariable } from "../launch/grants.ts";
import { usualDrainSeconds } from "../launch/launch.ts";
import { callerFolder, callerPath } from "../requests/caller_paths.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import { baseModelOf, findIntervention } from "../requests/stored_intervention.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

const none: readonly string[] = [];
const added = (before: readonly string[], text: string) => [...before, text];

const declared = {
  member: repeatable("id", "a member of the run; may be repeated (default: all)", none, added),
  watch: repeatable("folder", "serves the runs and interventions in it, including those added later", none, added),
  port: withDefault(integer("n", 0, 65535), "the port, 0 for any that is free", 8080),
  host: withDefault(
    text("address"),
    "the address to listen on; any other than this machine's own requires --api-key",
    "127.0.0.1",
  ),
  apiKey: optional(text("NAME"), "the environment variable with the key that clients must send"),
  tlsCert: optional(text("file"), "a certificate, PEM"),
  tlsKey: optional(text("file"), "the certificate's key, PEM"),
  model: optional(text("base"), "the base model, if it is not where the run says"),
  quantize: optional(choice("name", quantizationNames), "quantizes the base model's weights, if no run says how"),
  chatTemplate: optional(
    text("template"),
    "replaces the model's: the name of one of its templates, a .jinja file or Jinja",
  ),
  rows: withDefault(integer("n", 1, 1024), "the maximum number of answers generated at once", 32),
  keyValues: withDefault(size, "the maximum memory for keys and values of the answers in progress", 2 ** 31),
  keyValueType: withDefault(
    choice("type", ["float32", "float16"]),
    "the type they are kept in: float16 takes half the memory, and more time per token",
    "float32",
  ),
  queue: withDefault(integer("n", 1), "the maximum number of waiting answers; others get 429", 256),
  maxNewTokens: withDefault(integer("n", 1), "the maximum number of tokens in an answer", 4096),
  maxBody: withDefault(size, "the maximum size of a request", 4_000_000),
  seconds: withDefault(integer("n", 1, mostSeconds), "the maximum seconds for an answer", 600),
  drainSeconds: withDefault(
    integer("n", 0, mostSeconds),
    "how many seconds answers may take after SIGTERM",
    usualDrainSeconds,
  ),
  ...runtimeOptions,
};

type ServeOptions = OptionValues<typeof declared>;

/** Serves a model with its edits. */
export const serveCommand = command({
  name: "serve",
  summary: "Serves a model with its trained edits through OpenAI's API: each request names its edit.",
  parameters: [{ name: "run or model", help: "the folder of a run or an intervention, or a base model" }],
  options: declared,
  examples: [
    "serve runs/arc-easy/first --member rank=1 --member rank=4",
    "serve HuggingFaceTB/SmolLM2-135M-Instruct --watch runs/arc-easy --port 0",
  ],
  run: ([path], options, context) => serveModel(path, options, context),
});

/** Seconds that a request body may take to arrive. */
const bodySeconds = 30;

async function serveModel(path: string, options: ServeOptions, { terminal, stops }: CommandContext): Promise<void> {
  if (options.keyValueType !== "float32" && options.provider !== "cpu") {
    throw new RequestError(`--key-value-type ${options.keyValueType} is for --provider cpu; omit one of them`);
  }
  const access = accessOf(options), tls = await readTls(options), served = await servedBy(path, options);
  const stopped = new AbortController();
  const signal = stops?.(options.drainSeconds * 1000 + 2000);
  await using runContext = openRunContext({ ...options, base: served.base }, options, terminalEvents(terminal));
  if (tls === undefined && !isLoopback(options.host)) {
    noteTo(runContext.emit)(
      "the key and all texts are sent unencrypted; give --tls-cert and --tls-key, or use a proxy",
    );
  }
  const service = await openService(runContext, {
    ...served,
    chatTemplate: options.chatTemplate,
    folder: callerFolder(),
    rows: options.rows,
    waiting: options.queue,
    keyValueBytes: options.keyValues,
    keyValueType: options.keyValueType,
    limits: {
      body: { bytes: options.maxBody, seconds: bodySeconds },
      newTokens: options.maxNewTokens,
      seconds: options.seconds,
    },
    stopped: stopped.signal,
  });
  await serve(service, access, { hostname: options.host, port: options.port, tls }, {
    onListen(address) {
      const { names } = service.catalog, shown = names.slice(0, 8).join(", ") + (names.length > 8 ? ", …" : "");
      terminal.print(`${address}/v1 serves ${shown}; Ctrl-C ends this`);
    },
    signal,
    drainSeconds: options.drainSeconds,
    giveUp: () => stopped.abort(new ApiError(503, "the server has stopped; send the request to another")),
  });
}

/** Addresses by which only this machine can reach the server. */
const loopback = ["127.0.0.1", "localhost", "[::1]"];

function accessOf({ host, apiKey }: ServeOptions) {
  const isOwn = isLoopback(host), key = apiKey === undefined ? undefined : keyIn(apiKey, (name) => Deno.env.get(name));
  if (!isOwn && key === undefined) {
    throw new RequestError(
      `anyone who can reach ${host} could send requests; name a variable with a key with --api-key`,
    );
  }
  return { key, hosts: isOwn ? loopback : undefined };
}

const isLoopback = (host: string) => [...loopback, "::1"].includes(host);

/**
 * The key in an environment variable.
 *
 * @throws {RequestError} If there is none, or no client could send it.
 */
export function keyIn(name: string, read: (name: string) => string | undefined): string {
  if (!isVariable(name)) throw new RequestError("--api-key takes a variable's name, not the key itself");
  const key = read(name)?.trim() ?? "";
  if (key === "") {
    throw new RequestError(`there is no ${name} in the environment; set it to the key, or omit --api-key`);
  }
  if (!/^[\x20-\x7e]+$/.test(key)) {
    throw new RequestError(`the key in ${name} has a character that not all clients can send; use ASCII`);
  }
  return key;
}

async function readTls({ tlsCert, tlsKey }: ServeOptions) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new RequestError("a certificate needs its key; give both --tls-cert and --tls-key");
  }
  const read = async (path: string) => {
    const file = callerPath(path);
    try {
      return await Deno.readTextFile(file);
    } catch (fault) {
      throw new RequestError(`can't be read (${faultText(fault)}); check the path`, { file });
    }
  };
  return { cert: await read(tlsCert), key: await read(tlsKey) };
}

/** The base model and the folders that a path refers to. */
async function servedBy(path: string, { model, member, watch, quantize }: ServeOptions) {
  const folder = callerPath(path), isOne = [folder, join(folder, "intervention")].some(isIntervention);
  const ids = isOne ? [] : await trainedIds(folder), watched = watch.map(callerPath);
  const places = { folders: [folder], members: member, watched, anyBase: model !== undefined };
  if (!isOne && ids.length === 0) {
    if (member.length > 0) throw new RequestError(`${path} is not a run and has no members; omit --member`);
    return { source: path, base: callerFolder(), quantize, places: { ...places, folders: [] } };
  }
  const [first] = member.length === 0 ? ids : member, stored = await findIntervention(path, isOne ? undefined : first);
  for (const each of member.slice(1)) await findIntervention(path, each);
  const { source, base } = await baseModelOf(stored, model);
  return { source, base, quantize: stored.description.quantize ?? quantize, places };
}

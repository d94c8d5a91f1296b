/** A page in a headless Chromium, driven over the DevTools protocol. @module */

import assert from "node:assert/strict";

/** Debian's path of Chromium. */
const chromium = "/usr/bin/chromium";

/** Whether Chromium is installed. */
export function hasBrowser(): boolean {
  try {
    return Deno.statSync(chromium).isFile;
  } catch {
    return false;
  }
}

/** The display of a page. */
export interface Display {
  readonly width: number;
  readonly height: number;
  readonly isDark?: boolean;
  /** Whether pages have WebGPU, in software where there is no GPU. */
  readonly hasWebGpu?: boolean;
}

/** An open page. */
export interface Page {
  /** The errors and warnings of the page's console, and its uncaught exceptions. */
  readonly complaints: readonly string[];
  /** Evaluates an expression in the page; its result is passed as JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** Presses a key, as in `Tab` or `Enter`. */
  press(key: string): Promise<void>;
  /** Waits until an expression is true, 20 seconds by default. */
  until(expression: string, seconds?: number): Promise<void>;
  /** Reloads the page. */
  reload(): Promise<void>;
  /** Opens another tab for a test. */
  beside(url: string, test: (page: Page) => Promise<void>): Promise<void>;
  /**
   * The longest task of the page's main thread while a function runs, in milliseconds of processor time, which excludes
   * the time of other processes.
   */
  longestTask(act: () => Promise<void>): Promise<number>;
  /**
   * The most private memory, in bytes, that a page's process has while a function runs, sampled from Linux's
   * smaps_rollup every 20 ms. The browser's own files are not counted: their pages are private only where no other
   * browser runs.
   */
  mostMemory(act: () => Promise<void>): Promise<number>;
  /** Sets the storage quota of a site in bytes. */
  setQuota(origin: string, bytes: number): Promise<void>;
  /** Kills the GPU process, and every device with it. */
  loseGpu(): Promise<void>;
  /** A screenshot of the whole page, as PNG. */
  screenshot(): Promise<Uint8Array>;
}

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** Use SwiftShader, which comes with Chromium, as the adapter. */
const webGpuFlags = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Opens a page for a test. */
export async function inPage(
  url: string,
  { width, height, isDark, hasWebGpu = false }: Display,
  test: (page: Page) => Promise<void>,
) {
  const profile = await Deno.makeTempDir({ prefix: "refract-browser-" });
  const size = `--window-size=${width},${height}`;
  // The browser has its own Vulkan driver; one named by the environment would override it and fail to start.
  const process = new Deno.Command("env", {
    args: [
      ...["-u", "VK_DRIVER_FILES", "-u", "LD_LIBRARY_PATH", chromium],
      ...flags.filter((flag) => !hasWebGpu || flag !== "--disable-gpu"),
      ...hasWebGpu ? webGpuFlags : [],
      size,
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const port = await devToolsPort(process.stderr);
    const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    const address: string = targets.find(({ type }: { type: string }) => type === "page").webSocketDebuggerUrl;
    const protocol = await Protocol.open(address.replace("localhost", "127.0.0.1"));
    const { webSocketDebuggerUrl } = await (await fetch(`http://127.0.0.1:${port}/json/version`)).json();
    const browser = await Protocol.open(webSocketDebuggerUrl);
    await protocol.call("Runtime.enable");
    await protocol.call("Log.enable");
    await protocol.call("Page.enable");
    await protocol.call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
    if (isDark) {
      const features = [{ name: "prefers-color-scheme", value: "dark" }];
      await protocol.call("Emulation.setEmulatedMedia", { features });
    }
    await protocol.call("Page.navigate", { url });
    const beside: Page["beside"] = async (other, act) => {
      const opened = await fetch(`http://127.0.0.1:${port}/json/new?${other}`, { method: "PUT" });
      const target = await opened.json(), second = await Protocol.open(target.webSocketDebuggerUrl);
      await act(pageOf(second, browser, beside));
      await second.call("Page.close");
      second.close();
    };
    const page = pageOf(protocol, browser, beside);
    await page.until("document.readyState === 'complete'");
    await test(page);
    protocol.close();
    browser.close();
  } finally {
    process.kill();
    await process.status;
    await process.stderr.cancel().catch(() => {});
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

async function devToolsPort(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stderr.values({ preventCancel: true })) {
    text += decoder.decode(chunk);
    const found = /DevTools listening on ws:\/\/[^:]+:(\d+)\//.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`Chromium did not start: ${text}`);
}

function pageOf(protocol: Protocol, browser: Protocol, beside: Page["beside"]): Page {
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await protocol.call("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    }) as { result: { value: T }; exceptionDetails?: { text: string; exception?: { description?: string } } };
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  };
  return {
    complaints: protocol.complaints,
    evaluate,
    beside,
    async press(key) {
      const text = key === "Enter" ? "\r" : key === " " ? " " : undefined;
      const common = { key, code: key === " " ? "Space" : key, windowsVirtualKeyCode: keyCodes[key] ?? 0 };
      await protocol.call("Input.dispatchKeyEvent", {
        type: "keyDown",
        ...common,
        ...text === undefined ? {} : { text },
      });
      await protocol.call("Input.dispatchKeyEvent", { type: "keyUp", ...common });
    },
    async reload() {
      await evaluate("document.documentElement.dataset.old = ''");
      await protocol.call("Page.reload");
      await this.until("document.readyState === 'complete' && !('old' in document.documentElement.dataset)");
    },
    async longestTask(act) {
      const traced = protocol.trace();
      await protocol.call("Tracing.start", {
        transferMode: "ReportEvents",
        traceConfig: { includedCategories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] },
      });
      await act();
      await protocol.call("Tracing.end");
      return longestIn(await traced, await evaluate<string>("location.origin"));
    },
    async mostMemory(act) {
      const { processInfo } = await browser.call("SystemInfo.getProcessInfo") as {
        processInfo: readonly { readonly type: string; readonly id: number }[];
      };
      const files = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => `/proc/${id}/smaps_rollup`);
      // A process of its own reads them: Deno reads such files only with all permissions.
      const script = 'while :; do grep -h ^Private_Dirty "$@"; sleep 0.02; done';
      const args = ["-c", script, "sh", ...files];
      const sampler = new Deno.Command("sh", { args, stdout: "piped", stderr: "null" }).spawn();
      const samples = new Response(sampler.stdout).text();
      await act().finally(() => sampler.kill());
      await sampler.status;
      const sizes = [...(await samples).matchAll(/^Private_Dirty: +(\d+) kB$/gm)].map(([, size]) =>
        1024 * Number(size)
      );
      assert.ok(sizes.length > 0, "no page's memory was seen");
      return Math.max(...sizes);
    },
    async setQuota(origin, quotaSize) {
      await protocol.call("Storage.overrideQuotaForOrigin", { origin, quotaSize });
    },
    async loseGpu() {
      await protocol.call("Browser.crashGpuProcess");
    },
    async screenshot() {
      const { data } = await protocol.call("Page.captureScreenshot", { captureBeyondViewport: true }) as {
        data: string;
      };
      return Uint8Array.fromBase64(data);
    },
    until: (expression, seconds) => untilTrue(evaluate, expression, seconds),
  };
}

/** Waits until an expression is true in a page, 20 seconds by default. */
export async function untilTrue(evaluate: Page["evaluate"], expression: string, seconds: number = 20): Promise<void> {
  for (let tries = 0; tries < 10 * seconds; tries++) {
    if (await evaluate<boolean>(expression).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Never came true: ${expression}`);
}

/** An event of a trace; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The longest main-thread task of the processes that show an origin. */
function longestIn(events: readonly TraceEvent[], origin: string): number {
  const shows = new Set(events.filter(({ args }) => JSON.stringify(args ?? {}).includes(origin)).map(({ pid }) => pid));
  const isMain = ({ name, args }: TraceEvent) => name === "thread_name" && args?.name === "CrRendererMain";
  const main = new Set(events.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = events.filter(({ name, pid, tid }) => {
    return name.endsWith("RunTask") && shows.has(pid) && main.has(`${pid} ${tid}`);
  });
  if (tasks.length === 0) throw new Error("The trace has no task of the page");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

const keyCodes: Readonly<Record<string, number>> = { Tab: 9, Enter: 13, " ": 32 };

class Protocol {
  readonly complaints: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #next = 1;
  #traced: TraceEvent[] = [];
  #traceDone: (events: readonly TraceEvent[]) => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  static async open(url: string): Promise<Protocol> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new Protocol(socket);
  }

  call(method: string, params: unknown = {}): Promise<unknown> {
    const id = this.#next++;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Collects the events of the next trace, until it ends. */
  trace(): Promise<readonly TraceEvent[]> {
    this.#traced = [];
    return new Promise((resolve) => this.#traceDone = resolve);
  }

  close(): void {
    this.#socket.close();
  }

  #take({ id, result, method, params }: { id?: number; result?: unknown; method?: string; params?: unknown }): void {
    if (id !== undefined) this.#waiting.get(id)?.(result);
    if (method === "Tracing.dataCollected") {
      for (const event of (params as { value: TraceEvent[] }).value) this.#traced.push(event);
      return;
    }
    if (method === "Tracing.tracingComplete") return this.#traceDone(this.#traced);
    const text = JSON.stringify(params);
    if (method === "Runtime.exceptionThrown") this.complaints.push(text);
    if (method === "Log.entryAdded" || method === "Runtime.consoleAPICalled") {
      if (/"(level|type)":"(error|warning)"/.test(text)) this.complaints.push(text);
    }
  }
}

/** A server's counters, in Prometheus' format. @module */

/** A number that only grows, by the values of its labels. */
class Counter {
  readonly #values = new Map<string, number>();

  constructor(readonly name: string, readonly help: string) {}

  add(count: number, labels: Readonly<Record<string, string>> = {}): void {
    const written = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`).join(",");
    const key = written === "" ? "" : `{${written}}`;
    this.#values.set(key, (this.#values.get(key) ?? 0) + count);
  }

  get lines(): readonly string[] {
    const values = this.#values.size === 0 ? [["", 0] as const] : [...this.#values];
    return [
      ...heading(this.name, this.help, "counter"),
      ...values.map(([key, value]) => `${this.name}${key} ${value}`),
    ];
  }
}

/** How long something took, in buckets. */
class Histogram {
  readonly #bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
  readonly #counts = this.#bounds.map(() => 0);
  #sum = 0;
  #count = 0;

  constructor(readonly name: string, readonly help: string) {}

  observe(seconds: number): void {
    this.#bounds.forEach((bound, at) => this.#counts[at]! += seconds <= bound ? 1 : 0);
    this.#sum += seconds;
    this.#count++;
  }

  get lines(): readonly string[] {
    const buckets = this.#bounds.map((bound, at) => `${this.name}_bucket{le="${bound}"} ${this.#counts[at]}`);
    return [
      ...heading(this.name, this.help, "histogram"),
      ...buckets,
      `${this.name}_bucket{le="+Inf"} ${this.#count}`,
      `${this.name}_sum ${this.#sum}`,
      `${this.name}_count ${this.#count}`,
    ];
  }
}

const heading = (name: string, help: string, type: string) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];

const escaped = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** Current amounts. */
interface Gauges {
  readonly waiting: number;
  readonly rows: number;
  readonly models: number;
  readonly keptTokens: number;
}

/** The metrics of a server. */
export class Metrics {
  readonly requests = new Counter("refract_requests_total", "Requests by endpoint and status.");
  readonly readTokens = new Counter("refract_prompt_tokens_total", "Prompt tokens, prefilled or cached.");
  readonly writtenTokens = new Counter("refract_generation_tokens_total", "Generated tokens.");
  readonly firstToken = new Histogram("refract_time_to_first_token_seconds", "Seconds until an answer's first token.");
  readonly whole = new Histogram("refract_request_seconds", "Seconds until an answer was complete.");

  /** All of them in Prometheus' text format. */
  text({ waiting, rows, models, keptTokens }: Gauges): string {
    const gauge = (name: string, help: string, value: number) => [...heading(name, help, "gauge"), `${name} ${value}`];
    const kept = "refract_prompt_tokens_kept_total";
    const lines = [
      ...[this.requests, this.readTokens, this.writtenTokens, this.firstToken, this.whole].flatMap(({ lines }) =>
        lines
      ),
      ...heading(kept, "Prompt tokens that were not prefilled, because they were cached.", "counter"),
      `${kept} ${keptTokens}`,
      ...gauge("refract_requests_waiting", "Prompts waiting to be prefilled.", waiting),
      ...gauge("refract_rows_running", "Rows being generated.", rows),
      ...gauge("refract_models", "Served models.", models),
    ];
    return `${lines.join("\n")}\n`;
  }
}

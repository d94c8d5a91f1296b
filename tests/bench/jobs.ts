/** The jobs of the bench. @module */

/** The trained parts of one training of a job. */
export type Setting = LoreftSetting | LoraSetting;

/** A LoReFT on the outputs of some blocks; pyreft is its peer. */
export interface LoreftSetting {
  readonly kind: "loreft";
  readonly blocks: readonly number[] | "all";
  readonly positions: string;
  readonly rank: number;
  readonly tied: boolean;
}

/** LoRA on projections of some blocks, for every token, with scale 1; peft is its peer. */
export interface LoraSetting {
  readonly kind: "lora";
  readonly blocks: readonly number[];
  /** The projections that read only the block's input, so that one formula counts the peer's work. */
  readonly modules: readonly ("q_proj" | "k_proj" | "v_proj")[];
  readonly rank: number;
}

/** The package that each kind of setting is compared with. */
export const peers: Readonly<Record<Setting["kind"], string>> = { loreft: "pyreft", lora: "peft" };

/** A figure of the table, with the required speedup of Refract. */
export interface Figure {
  readonly kind: "step" | "cold";
  readonly title: string;
  readonly target: number;
}

/** Trainings that both sides run, from the same initial values over the same rows in the same order. */
export interface Job {
  readonly name: string;
  readonly title: string;
  /** Rows of ARC-Easy unchanged, or text cut to the same number of tokens in every row. */
  readonly rows: "arc" | "even";
  readonly rowCount: number;
  readonly epochs: number;
  /** Refract trains all of them in one command, the peer each in a separate run. */
  readonly settings: readonly Setting[];
  /** The trainings that the peer runs by default; its seconds are extrapolated to all. */
  readonly peerSettings: readonly number[];
  /** If empty, only the losses are compared. */
  readonly figures: readonly Figure[];
  /** Whether its programs are compared with the runtime's own matrix products. */
  readonly limit: boolean;
}

/** Settings that all jobs share. */
export const batchSize = 8, learningRate = 9e-4, warmup = 0.1;

/** Tokens per row of the job "even"; the end-of-sequence token counts as part of the completion. */
export const evenTokens = { prompt: 200, completion: 8 } as const;

/** A LoReFT on the prompt's last token at the output of one block. */
export function lastToken(block: number, rank: number): LoreftSetting {
  return { kind: "loreft", blocks: [block], positions: "l1", rank, tied: false };
}

const bothSides = (tied: boolean): Setting => ({ kind: "loreft", blocks: [15], positions: "f2+l3", rank: 4, tied });
const upperHalf = Array.from({ length: 15 }, (_, index) => 15 + index);

/** All jobs, in the table's order. */
export const jobs: readonly Job[] = [
  {
    name: "arc",
    title: "64 ARC-Easy rows, `l1`, block 15, rank 4",
    rows: "arc",
    rowCount: 64,
    epochs: 3,
    settings: [lastToken(15, 4)],
    peerSettings: [0],
    figures: [
      { kind: "step", title: "a training step, 64 ARC-Easy rows, `l1`, block 15, rank 4", target: 35 },
      { kind: "cold", title: "the whole cold run: start, tokenize, encode, 3 epochs of these rows", target: 8 },
    ],
    limit: true,
  },
  {
    name: "even",
    title: "200 prompt + 8 completion tokens, `l1`, block 15, rank 4",
    rows: "even",
    rowCount: 64,
    epochs: 1,
    settings: [lastToken(15, 4)],
    peerSettings: [0],
    figures: [{ kind: "step", title: "a training step, 200 prompt + 8 completion tokens, same edit", target: 60 }],
    limit: true,
  },
  {
    name: "sweep",
    title: "9 members: blocks 10, 15, 20 × ranks 1, 4, 8",
    rows: "arc",
    rowCount: 64,
    epochs: 3,
    settings: [10, 15, 20].flatMap((block) => [1, 4, 8].map((rank) => lastToken(block, rank))),
    // One per block, each rank once: (10, 1), (15, 4), (20, 8).
    peerSettings: [0, 4, 8],
    figures: [
      { kind: "cold", title: "9 members (blocks 10, 15, 20 × ranks 1, 4, 8), 3 epochs of 64 rows, cold", target: 25 },
    ],
    limit: false,
  },
  {
    name: "everywhere",
    title: "`f7+l7` tied, all 30 blocks, rank 8",
    rows: "arc",
    rowCount: 64,
    epochs: 1,
    settings: [{ kind: "loreft", blocks: "all", positions: "f7+l7", rank: 8, tied: true }],
    peerSettings: [0],
    figures: [{ kind: "step", title: "a training step, `f7+l7` tied, all 30 blocks, rank 8", target: 2.5 }],
    limit: true,
  },
  {
    name: "lora",
    title: "LoRA of rank 8 on `q_proj` and `v_proj` of blocks 15 to 29, against peft",
    rows: "arc",
    rowCount: 64,
    epochs: 1,
    settings: [{ kind: "lora", blocks: upperHalf, modules: ["q_proj", "v_proj"], rank: 8 }],
    peerSettings: [0],
    figures: [{
      kind: "step",
      title: "a training step, LoRA of rank 8 on `q_proj` and `v_proj` of blocks 15 to 29, against peft",
      target: 2,
    }],
    limit: true,
  },
  ...[true, false].map((tied): Job => ({
    name: tied ? "tied" : "untied",
    title: `\`f2+l3\` ${tied ? "tied" : "untied"}, block 15, rank 4`,
    rows: "arc",
    rowCount: 64,
    epochs: 1,
    settings: [bothSides(tied)],
    peerSettings: [0],
    figures: [],
    limit: false,
  })),
];

/** A job cut down to about this many steps, to check that everything runs. */
export function shortened(job: Job, steps: number): Job {
  const perEpoch = job.rowCount / batchSize;
  return { ...job, rowCount: Math.min(steps, perEpoch) * batchSize, epochs: Math.max(1, Math.round(steps / perEpoch)) };
}

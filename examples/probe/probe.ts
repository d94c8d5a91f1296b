/**
 * Fits a linear probe for each block to the activations that `pipeline.ts` has saved, and prints the share of labels of
 * unseen rows that it predicts correctly.
 *
 * @module
 */
import { readTensors, type Tensors } from "./tensors.ts";

/** How well a probe predicts the labels from one hidden state. */
export interface Probed {
  /** The hidden state, for example `hidden_states.3`, the input of the fourth block. */
  readonly name: string;
  /** The share of unseen rows whose label it predicts. */
  readonly accuracy: number;
}

/** Probes each hidden state of a run's folder. */
export async function probe(run: string): Promise<Probed[]> {
  const [seen, unseen] = await Promise.all(["seen", "unseen"].map((name) => {
    return readTensors(`${run}/members/main/${name}.safetensors`);
  })) as [Tensors, Tensors];
  const states = seen.names.filter((name) => name.startsWith("hidden_states.")).sort((a, b) => depth(a) - depth(b));
  return states.map((name) => {
    const [from, to] = [seen, unseen].map((tensors) => rowsOf(tensors, name)) as [number[][], number[][]];
    const learn = labelsOf(seen), expected = labelsOf(unseen), classes = [...new Set([...learn, ...expected])];
    const scale = scaling(from),
      weights = fit(from.map(scale), learn.map((label) => classes.indexOf(label)), classes.length);
    const right = to.map(scale).filter((row, at) => classes[largest(scores(weights, row))] === expected[at]).length;
    return { name, accuracy: right / to.length };
  });
}

const depth = (name: string) => Number(name.slice(name.lastIndexOf(".") + 1));

/** The one kept token of each row: [rows, 1, width]. */
function rowsOf(tensors: Tensors, name: string): number[][] {
  const [rows = 0, , width = 0] = tensors.shape(name), numbers = tensors.numbers(name);
  return Array.from({ length: rows }, (_, row) => numbers.slice(row * width, (row + 1) * width));
}

/** The labels' names, which the tensor refers to by index. */
function labelsOf(tensors: Tensors): string[] {
  const names: readonly string[] = JSON.parse(tensors.metadata["labels"] ?? "[]");
  return tensors.numbers("labels").map((label) => names[label] ?? String(label));
}

/** Standardizes every channel over the training rows, and adds a constant for the bias. */
function scaling(rows: readonly (readonly number[])[]): (row: readonly number[]) => number[] {
  const channels = rows[0]?.map((_, at) => {
    const values = rows.map((row) => row[at]!), mean = values.reduce((sum, each) => sum + each) / values.length;
    const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  }) ?? [];
  return (row) => [1, ...channels.map(({ mean, deviation }, at) => (row[at]! - mean) / deviation)];
}

const rounds = 200, rate = 0.5, decay = 1e-2;

/** Softmax regression by gradient descent over all rows: weights [classes][channels]. */
function fit(rows: readonly number[][], labels: readonly number[], classes: number): number[][] {
  const width = rows[0]?.length ?? 0, weights = Array.from({ length: classes }, () => Array<number>(width).fill(0));
  for (let round = 0; round < rounds; round++) {
    const gradients = weights.map((own) => own.map((weight) => decay * weight));
    for (const [at, row] of rows.entries()) {
      const found = scores(weights, row), most = Math.max(...found);
      const powers = found.map((score) => Math.exp(score - most)), sum = powers.reduce((all, each) => all + each);
      powers.forEach((power, label) => {
        const error = (power / sum - Number(label === labels[at])) / rows.length, own = gradients[label]!;
        for (let channel = 0; channel < width; channel++) own[channel] = own[channel]! + error * row[channel]!;
      });
    }
    weights.forEach((own, label) => {
      for (let channel = 0; channel < width; channel++) {
        own[channel] = own[channel]! - rate * gradients[label]![channel]!;
      }
    });
  }
  return weights;
}

function scores(weights: readonly (readonly number[])[], row: readonly number[]): number[] {
  return weights.map((own) => own.reduce((sum, weight, channel) => sum + weight * row[channel]!, 0));
}

const largest = (values: readonly number[]) => values.indexOf(Math.max(...values));

if (import.meta.main) {
  const [run = "runs/probe/first"] = Deno.args;
  for (const { name, accuracy } of await probe(run)) console.log(`${name}  ${accuracy.toFixed(3)}`);
}

/** How graphs are written for each execution provider. @module */
import type { Provider } from "./model.ts";

/** The kernels of a provider, by which an emission rule chooses its nodes. */
export interface Kernels {
  /** Sign. */
  readonly sign: boolean;
  /** Gelu approximated by tanh. */
  readonly geluTanh: boolean;
  /** RotaryEmbedding. */
  readonly rotaryEmbedding: boolean;
  /** SimplifiedLayerNormalization, which also outputs the factor that it scaled by. */
  readonly rmsNorm: boolean;
  /** LayerNormalization that also outputs the mean and the inverse deviation. */
  readonly layerNormStatistics: boolean;
  /** com.microsoft's FusedMatMul, which reads operands transposed and scales the product. */
  readonly fusedMatMul: boolean;
  /** Gemm, which reads matrices transposed; otherwise each run would write a transposed copy of every such weight. */
  readonly gemm: boolean;
  /** com.microsoft's MatMulNBits over codes of 4 or 8 bits that the session packs. */
  readonly matMulNBits: boolean;
  /** com.microsoft's GatherBlockQuantized over codes of 4 or 8 bits. */
  readonly gatherBlockQuantized: boolean;
  /** ScatterND that adds up updates of the same row, whichever thread writes them. */
  readonly scatterAdd: boolean;
}

/** How graphs are written for an execution provider. */
export interface Emission {
  readonly kernels: Kernels;
  /** Whether a graph declares the shapes of its inputs and outputs. */
  readonly declaresShapes: boolean;
}

/** How graphs are written for each provider. */
export const emissions: Readonly<Record<Provider, Emission>> = {
  cpu: {
    kernels: {
      sign: true,
      geluTanh: true,
      rotaryEmbedding: true,
      rmsNorm: true,
      layerNormStatistics: true,
      fusedMatMul: true,
      gemm: true,
      matMulNBits: true,
      gatherBlockQuantized: true,
      scatterAdd: false,
    },
    // ONNX Runtime 1.30 plans in advance which values share memory, and compares every pair whose shapes it knows: this
    // takes a second for 2,000 nodes, with no measurable saving of time or memory when the graph runs.
    declaresShapes: false,
  },
  // Only operations of the ONNX standard, so that exported models contain no others either.
  webgpu: {
    kernels: {
      sign: false,
      geluTanh: false,
      rotaryEmbedding: false,
      rmsNorm: false,
      layerNormStatistics: false,
      fusedMatMul: false,
      gemm: true,
      matMulNBits: false,
      gatherBlockQuantized: false,
      scatterAdd: true,
    },
    declaresShapes: true,
  },
  cuda: {
    kernels: {
      sign: true,
      geluTanh: true,
      rotaryEmbedding: true,
      rmsNorm: true,
      layerNormStatistics: true,
      fusedMatMul: false,
      gemm: true,
      matMulNBits: false,
      gatherBlockQuantized: false,
      scatterAdd: true,
    },
    declaresShapes: true,
  },
};

/** The names of all providers. */
export const providers: readonly Provider[] = Object.keys(emissions).filter(isProvider);

/** Whether a string is the name of a provider. */
export function isProvider(name: string): name is Provider {
  return Object.hasOwn(emissions, name);
}

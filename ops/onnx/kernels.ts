/** The kernels that some execution providers have and others lack. @module */
import type { Provider } from "./model.ts";

/** What an emission rule may choose its nodes by. */
export interface Kernels {
  /** Sign. */
  readonly sign: boolean;
  /** Gelu approximated by tanh. */
  readonly geluTanh: boolean;
  /** RotaryEmbedding. */
  readonly rotaryEmbedding: boolean;
  /** SimplifiedLayerNormalization, which also gives the factor that it scaled by. */
  readonly rmsNorm: boolean;
  /** LayerNormalization that gives mean and inverse deviation too. */
  readonly layerNormStatistics: boolean;
  /** com.microsoft's FusedMatMul, which reads operands transposed and scales the product. */
  readonly fusedMatMul: boolean;
  /** com.microsoft's MatMulNBits over codes of 4 bits that the session packs. */
  readonly matMulNBits: boolean;
  /** ScatterND that adds up updates of the same row, whichever thread writes them. */
  readonly scatterAdd: boolean;
}

/** The kernels of each provider. */
export const kernelsOf: Readonly<Record<Provider, Kernels>> = {
  cpu: {
    sign: true,
    geluTanh: true,
    rotaryEmbedding: true,
    rmsNorm: true,
    layerNormStatistics: true,
    fusedMatMul: true,
    matMulNBits: true,
    scatterAdd: false,
  },
  cuda: {
    sign: true,
    geluTanh: true,
    rotaryEmbedding: true,
    rmsNorm: true,
    layerNormStatistics: true,
    fusedMatMul: false,
    matMulNBits: false,
    scatterAdd: true,
  },
  // These are the operations of the ONNX standard alone, so an exported model has no others either.
  webgpu: {
    sign: false,
    geluTanh: false,
    rotaryEmbedding: false,
    rmsNorm: false,
    layerNormStatistics: false,
    fusedMatMul: false,
    matMulNBits: false,
    scatterAdd: true,
  },
};

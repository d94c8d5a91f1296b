/** The published packages with the libraries that ONNX Runtime's CUDA provider needs, by their digests. @module */

/** A wheel from which some libraries are taken. */
export interface Wheel {
  /** The project's name on the package index. */
  readonly project: string;
  readonly file: string;
  /** The SHA-256 of the wheel, in hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** The paths of the libraries in it. */
  readonly libraries: readonly string[];
}

const cuda = (name: string) => `nvidia/cu13/lib/${name}`;
const cudnn = (part: string) => `nvidia/cudnn/lib/libcudnn${part}.so.9`;
const provider = (name: string) => `onnxruntime/capi/libonnxruntime_providers_${name}.so`;

/** What the CUDA provider of ONNX Runtime 1.30 needs on Linux with an x86-64 processor: CUDA 13 and cuDNN 9. */
export const cudaWheels: readonly Wheel[] = [
  {
    project: "onnxruntime-gpu",
    file: "onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    sha256: "6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1",
    size: 246685715,
    libraries: [provider("shared"), provider("cuda")],
  },
  {
    project: "nvidia-cuda-runtime",
    file: "nvidia_cuda_runtime-13.5.37-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    sha256: "df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d",
    size: 2504024,
    libraries: [cuda("libcudart.so.13")],
  },
  {
    project: "nvidia-cublas",
    file: "nvidia_cublas-13.10.0.20-py3-none-manylinux1_x86_64.manylinux_2_5_x86_64.whl",
    sha256: "dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84",
    size: 444289903,
    libraries: [cuda("libcublas.so.13"), cuda("libcublasLt.so.13")],
  },
  {
    project: "nvidia-curand",
    file: "nvidia_curand-10.4.5.25-py3-none-manylinux_2_27_x86_64.whl",
    sha256: "22bb226a857e5888fe6b54ae465fc4371296bcff13a35f79e19691bcf454f529",
    size: 77113015,
    libraries: [cuda("libcurand.so.10")],
  },
  {
    project: "nvidia-cudnn-cu13",
    file: "nvidia_cudnn_cu13-9.28.1.4-py3-none-manylinux_2_27_x86_64.whl",
    sha256: "a54f205b1db1f2895d99f398754db1369816f0569dd459731f925635cf7b65ec",
    size: 516817937,
    libraries: [
      "",
      "_adv",
      "_cnn",
      "_engines_precompiled",
      "_engines_runtime_compiled",
      "_engines_tensor_ir",
      "_ext",
      "_graph",
      "_heuristic",
      "_ops",
    ].map(cudnn),
  },
];

/** A library's name without its folder in the wheel. */
export const nameOf = (library: string) => library.slice(library.lastIndexOf("/") + 1);

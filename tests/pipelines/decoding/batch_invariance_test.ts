import { testInvariance } from "./batch_invariance.ts";

for (const name of ["llama", "gpt2", "falcon-multi-query", "t5"]) testInvariance(name);
for (const bits of ["q4", "q8"] as const) testInvariance("llama", bits);

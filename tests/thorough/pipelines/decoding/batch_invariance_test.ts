import { testInvariance, writers } from "../../../pipelines/decoding/batch_invariance.ts";

for (const name of writers) testInvariance(name);
for (const name of ["gpt2", "mixtral", "gemma2"]) testInvariance(name, "q4");

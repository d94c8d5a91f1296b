/** A workflow's plan without units, for tests of what engines write. @module */
import type { WorkPlan } from "../../pipelines/workflow/work_plan.ts";

export const emptyPlan: WorkPlan = {
  pipeline: "tiny",
  file: "/work/tiny.ts",
  digest: "0",
  set: {},
  store: "/work/store",
  threads: 1,
  provider: "cpu",
  budgets: {},
  versions: { refract: "0", runtime: "0" },
  processor: "x",
  margin: 2,
  units: [],
};

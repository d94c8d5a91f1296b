/** Members for tests of the page's modules. @module */
import type { MemberView } from "../../../../pipelines/report/report_view.ts";

/** A member that has what is given. */
export function memberView(id: string, given: Partial<MemberView> = {}): MemberView {
  return {
    id,
    repeated: id,
    axes: {},
    method: "all",
    parameters: 1,
    metrics: {},
    standardErrors: {},
    losses: [],
    gradientNorms: [],
    margins: [],
    stride: 1,
    validation: {},
    seconds: 0,
    ...given,
  };
}

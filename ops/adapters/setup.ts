/** What adapters are set up by: a rank, or nothing. @module */
import type { AdapterSetup } from "./adapter.ts";

/** Changes of low rank: `s·BA` with s = alpha/rank, or alpha/√rank where rank-stabilized (Kalajdzievski 2023). */
export const lowRank: AdapterSetup = {
  settings: { rank: "required", alpha: "optional", rankStabilized: "optional", dropout: "optional" },
  options: ({ rank = 1, alpha = rank, rankStabilized = false }) => ({
    rank,
    scaling: alpha / (rankStabilized ? Math.sqrt(rank) : rank),
  }),
  settingsOf: ({ rank, scaling }) => ({ rank, alpha: scaling * rank }),
};

/** Vectors, which leave nothing to set. */
export const withoutSettings: AdapterSetup = {
  settings: {},
  options: () => ({ rank: 1, scaling: 1 }),
  settingsOf: () => ({}),
};

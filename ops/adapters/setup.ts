/** The settings of adapters: a rank, or none. @module */
import type { AdapterSetup } from "./adapter.ts";

/** Low-rank changes: `s·BA` with s = alpha/rank, or alpha/√rank if rank-stabilized (Kalajdzievski 2023). */
export const lowRank: AdapterSetup = {
  settings: { rank: "required", alpha: "optional", rankStabilized: "optional", dropout: "optional" },
  options: ({ rank = 1, alpha = rank, rankStabilized = false }) => ({
    rank,
    scaling: alpha / (rankStabilized ? Math.sqrt(rank) : rank),
  }),
  settingsOf: ({ rank, scaling }) => ({ rank, alpha: scaling * rank }),
};

/** Learned vectors, which have no settings. */
export const withoutSettings: AdapterSetup = {
  settings: {},
  options: () => ({ rank: 1, scaling: 1 }),
  settingsOf: () => ({}),
};

import type { TokenMode } from "../../api/operations";

/** Where people's tokens for an environment come from, in words. */
export const MODES: Readonly<Record<TokenMode, string>> = {
  GRANT: "Each person connects an account",
  SAME_TOKEN: "The sign-in here, as it is",
  EXCHANGE: "The sign-in here, exchanged for a token of the cluster",
  SILENT: "Each person connects an account, and is asked nothing",
};

import type { ConnectionBitsFragment } from "../api/operations";

/** Whether an account opens its environment now. */
export function works({ status }: Pick<ConnectionBitsFragment, "status">): boolean {
  return status === "CONNECTED" || status === "EXPIRING";
}

const URGENCY = ["EXPIRED", "REVOKED", "EXPIRING", "ERROR", "PENDING", "CONNECTED", "NOT_CONNECTED"];

type Ranked = Pick<ConnectionBitsFragment, "status" | "expiresAt"> & { readonly environment: { readonly displayName: string } };

/** Whatever needs its person soonest comes first. */
export function byUrgency(a: Ranked, b: Ranked): number {
  const urgency = URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status);
  if (urgency) return urgency;
  const end = (one: Ranked) => (one.expiresAt ? Date.parse(one.expiresAt) : Infinity);
  if (end(a) !== end(b)) return end(a) - end(b);
  return a.environment.displayName.localeCompare(b.environment.displayName);
}

import type { GrantBitsFragment, ViewerLiveSubscription } from "../api/operations";

type Told<T> = T extends { readonly cursor: string; readonly at: string } ? Omit<T, "cursor" | "at"> : T;
export type ViewerEvent = Told<ViewerLiveSubscription["viewerUpdates"]>;

/** Accounts, by their environment. */
export type Grants = ReadonlyMap<string, GrantBitsFragment>;

/** The accounts after an event. Of two pictures of one the one with the higher revision is kept, whichever came first. */
export function folded(known: Grants, event: ViewerEvent): Grants {
  switch (event.__typename) {
    case "ViewerSnapshot":
      return merged(event.reset ? new Map() : known, event.viewer.connections);
    case "ConnectionChanged":
      return merged(known, [event.connection]);
    default:
      return known;
  }
}

export function newest(known: GrantBitsFragment | undefined, told: GrantBitsFragment): GrantBitsFragment {
  return known && known.revision > told.revision ? known : told;
}

/** Whether it opens its environment now. */
export function works(grant: GrantBitsFragment): boolean {
  return grant.status === "CONNECTED" || grant.status === "EXPIRING";
}

const URGENCY = ["EXPIRED", "REVOKED", "EXPIRING", "ERROR", "PENDING", "CONNECTED", "NOT_CONNECTED"];

/** Whatever needs its person soonest comes first. */
export function byUrgency(a: GrantBitsFragment, b: GrantBitsFragment): number {
  const urgency = URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status);
  if (urgency) return urgency;
  const end = (grant: GrantBitsFragment) => grant.expiresAt ?? "9999";
  return end(a).localeCompare(end(b)) || a.environment.displayName.localeCompare(b.environment.displayName);
}

function merged(known: Grants, told: readonly GrantBitsFragment[]): Grants {
  const all = new Map(known);
  for (const grant of told) all.set(grant.environment.id, newest(all.get(grant.environment.id), grant));
  return all;
}

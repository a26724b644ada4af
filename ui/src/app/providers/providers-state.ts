import type { ProviderRowFragment, ProvidersLiveSubscription } from "../api/operations";
import { put } from "../parts/pages";

/** The providers after an event, by their short names; null until they are known. */
export function folded(
  known: readonly ProviderRowFragment[] | null,
  event: ProvidersLiveSubscription["providerUpdates"],
): readonly ProviderRowFragment[] | null {
  switch (event.__typename) {
    case "ProviderSnapshot":
      return event.providers;
    case "ProviderChanged":
      return put(known ?? [], event.provider, (one, other) => (one.slug < other.slug ? -1 : 1));
    case "EntityRemoved":
      return known?.filter(({ id }) => id !== event.removedId) ?? null;
    default:
      return known;
  }
}

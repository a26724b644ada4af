import { describe, expect, it } from "vitest";

import type { ProviderRowFragment, ProvidersLiveSubscription } from "../api/operations";
import { folded } from "./providers-state";

type Event = ProvidersLiveSubscription["providerUpdates"];

const provider = (slug: string, revision = 1, running = 0) =>
  ({ id: `prv_${slug}`, slug, revision, health: { runningBuilds: running } }) as unknown as ProviderRowFragment;
const snapshot = (...providers: ProviderRowFragment[]) => ({ __typename: "ProviderSnapshot", providers }) as unknown as Event;
const changed = (told: ProviderRowFragment) => ({ __typename: "ProviderChanged", provider: told }) as unknown as Event;
const removed = (id: string) => ({ __typename: "EntityRemoved", removedId: id }) as unknown as Event;

describe("the providers", () => {
  it("stand by their short names, and of two pictures of one the newer counts", () => {
    const told = [snapshot(provider("local", 2)), changed(provider("east")), changed(provider("local", 1)), changed(provider("local", 2, 3))];
    const known = told.reduce(folded, null);
    expect(known?.map(({ slug, revision, health }) => [slug, revision, health?.runningBuilds])).toEqual([["east", 1, 0], ["local", 2, 3]]);
    expect(folded(known, removed("prv_east"))?.map(({ slug }) => slug)).toEqual(["local"]);
    expect(folded(known, { __typename: "Heartbeat" } as Event)).toBe(known);
  });

  it("are not known before the first event", () => {
    expect(folded(null, { __typename: "Heartbeat" } as Event)).toBeNull();
    expect(folded(null, snapshot())).toEqual([]);
  });
});

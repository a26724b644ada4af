import { Injectable, computed, effect, inject, signal, untracked } from "@angular/core";

import { type ConnectionBitsFragment, ViewerLiveDocument, type ViewerLiveSubscription } from "../api/operations";
import { newer } from "../parts/newer";
import { Clock } from "./clock";
import { Follow } from "./follow";
import { Session } from "./session";

type Snapshot = Extract<ViewerLiveSubscription["viewerUpdates"], { readonly __typename: "ViewerSnapshot" }>;

/** Who is signed in, and how their accounts at other servers stand: the one stream that is followed on every page. */
@Injectable({ providedIn: "root" })
export class Viewer {
  private readonly clock = inject(Clock);
  private readonly follow = inject(Follow);
  private readonly session = inject(Session);

  readonly who = signal<Snapshot["viewer"] | null>(null);
  private readonly accounts = signal<ReadonlyMap<string, ConnectionBitsFragment>>(new Map());
  readonly connections = computed(() => [...this.accounts().values()]);

  /** Whether this is the reader. */
  is(actor: { readonly __typename?: string; readonly id?: string } | null | undefined): boolean {
    return actor?.__typename === "User" && actor.id === this.who()?.user?.id;
  }

  constructor() {
    effect((clean) => {
      const isHere = this.session.isHere();
      const stream = untracked(() => (isHere ? this.listen() : undefined));
      clean(() => stream?.unsubscribe());
    });
  }

  private listen() {
    return this.follow.events(ViewerLiveDocument, {}, (data) => data.viewerUpdates).subscribe({
      next: (event) => {
        this.clock.set(event.at);
        if (event.__typename === "ViewerSnapshot") {
          // What is on the page was shown to somebody else, who may see other things.
          if (this.who() && this.who()?.id !== event.viewer.id) location.reload();
          this.who.set(event.viewer);
          this.accounts.set(new Map(event.viewer.connections.map((one) => [one.environment.id, one])));
        } else if (event.__typename === "ConnectionChanged") {
          const told = event.connection;
          this.accounts.update((all) => new Map(all).set(told.environment.id, newer(all.get(told.environment.id), told)));
        }
      },
      // What a token may not see of its owner is left out: the pages do without.
      error: () => undefined,
    });
  }
}

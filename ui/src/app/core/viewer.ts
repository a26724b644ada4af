import { Injectable, computed, effect, inject, signal, untracked } from "@angular/core";

import { type ConnectionBitsFragment, ViewerLiveDocument, type ViewerLiveSubscription } from "../api/operations";
import { newer } from "../parts/newer";
import { problem } from "../parts/problem";
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
  /** Why none of it is known; pages that are about something else do without. */
  readonly trouble = signal<string | null>(null);
  readonly busy = signal(false);
  private stream: { unsubscribe(): void } | undefined;

  /** Whether the pages for administrators are the reader's; null until that is known. Where it cannot be, they ask, and the server says. */
  readonly admitted = computed(() => this.who()?.isAdmin ?? (this.trouble() === null ? null : true));

  /** Whether this is the reader. */
  is(actor: { readonly __typename?: string; readonly id?: string } | null | undefined): boolean {
    return actor?.__typename === "User" && actor.id === this.who()?.user?.id;
  }

  constructor() {
    effect((clean) => {
      const isHere = this.session.isHere();
      untracked(() => isHere && this.again());
      clean(() => this.stream?.unsubscribe());
    });
  }

  /** Asks anew, where that was refused. */
  again(): void {
    this.stream?.unsubscribe();
    this.busy.set(true);
    this.stream = this.follow.events(ViewerLiveDocument, {}, (data) => data.viewerUpdates).subscribe({
      next: (event) => {
        this.clock.set(event.at);
        this.busy.set(false);
        this.trouble.set(null);
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
      // What a token may not see of its owner is left out: the other pages do without.
      error: (error: unknown) => {
        this.busy.set(false);
        this.trouble.set(problem(error));
      },
    });
  }
}

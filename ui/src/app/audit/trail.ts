import { JsonPipe } from "@angular/common";
import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { RouterLink } from "@angular/router";
import type { Subscription } from "rxjs";

import { type AuditBitsFragment, type AuditFilter, AuditLiveDocument, AuditTrailDocument } from "../api/operations";
import { addressed } from "../core/addressed";
import { Follow } from "../core/follow";
import { Reading } from "../core/reading";
import { actorName } from "../parts/actor";
import { next } from "../parts/pages";
import { Ago } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { filterOf, fits } from "./filter";
import { placeOf } from "./subject";

/** Of what is new, so many are kept until somebody looks. */
const MOST = 500;
const OUTCOMES: Readonly<Record<string, { readonly tone: string; readonly text: string }>> = {
  DONE: { tone: "succeeded", text: "✓ done" },
  DENIED: { tone: "failed", text: "✕ denied" },
  FAILED: { tone: "error", text: "! failed" },
};

/** What was done, by whom and when, newest first; of a project, or of the whole instance. */
@Component({
  selector: "alm-trail",
  imports: [Ago, JsonPipe, RouterLink, Trouble],
  templateUrl: "./trail.html",
})
export class Trail {
  private readonly follow = inject(Follow);
  protected readonly filters = addressed("verb", "outcome", "actor", "from", "to");
  protected readonly reading = new Reading();

  /** The project's id; null for the whole instance. */
  readonly project = input.required<string | null>();
  protected readonly events = signal<readonly AuditBitsFragment[] | null>(null);
  private readonly next = signal<string | null>(null);
  protected readonly hasMore = computed(() => this.next() !== null);
  protected readonly by = actorName;
  protected readonly placeOf = placeOf;
  /** What was done since the list was read, newest first. */
  private readonly recorded = signal<readonly AuditBitsFragment[]>([]);
  protected readonly fresh = computed(() => {
    const known = new Set(this.events()?.map(({ id }) => id));
    const filter = filterOf(this.filters.query());
    return this.recorded().filter((event) => !known.has(event.id) && fits(event, filter));
  });

  constructor() {
    effect((clean) => {
      const project = this.project();
      const stream = untracked(() => this.listen(project));
      clean(() => stream.unsubscribe());
    });
    effect(() => {
      const [project, filter] = [this.project(), filterOf(this.filters.query())];
      untracked(() => this.load(project, filter));
    });
  }

  protected outcome(outcome: string) {
    return OUTCOMES[outcome] ?? { tone: "idle", text: outcome };
  }

  /** Puts what is new to the top: not before it is wanted, so that nothing moves under a reader. */
  protected show(): void {
    const fresh = this.fresh();
    this.events.update((known) => [...fresh, ...(known ?? [])]);
    this.recorded.set([]);
  }

  protected more(): void {
    this.load(this.project(), filterOf(this.filters.query()), this.next());
  }

  private listen(project: string | null): Subscription {
    this.recorded.set([]);
    return this.follow.events(AuditLiveDocument, { project }, (data) => data.auditEventAdded).subscribe({
      next: (event) => {
        if (event.__typename === "AuditEventRecorded") this.recorded.update((known) => [event.edge.node, ...known].slice(0, MOST));
      },
      // Whoever may not read the trail is told so by the list.
      error: () => undefined,
    });
  }

  private load(project: string | null, filter: AuditFilter, after: string | null = null): void {
    if (!after) this.events.set(null);
    this.reading.ask(AuditTrailDocument, { project, filter, after }, "auditEvents", ({ auditEvents: page }) => {
      const told = page?.edges.map((edge) => edge.node) ?? [];
      this.events.update((known) => (after ? [...(known ?? []), ...told] : told));
      this.next.set(page ? next(page.pageInfo) : null);
    });
  }
}

import { JsonPipe } from "@angular/common";
import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { toSignal } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router } from "@angular/router";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import { type AuditBitsFragment, type AuditFilter, AuditLiveDocument, AuditTrailDocument } from "../api/operations";
import { Follow } from "../core/follow";
import { actorName } from "../parts/actor";
import { next } from "../parts/pages";
import { problem } from "../parts/problem";
import { Ago } from "../parts/time";
import { type AuditQuery, filterOf, fits } from "./filter";

/** Of what is new, so many are kept until somebody looks. */
const MOST = 500;
const NAMES = ["verb", "outcome", "actor", "from", "to"] as const satisfies readonly (keyof AuditQuery)[];
const OUTCOMES: Readonly<Record<string, { readonly tone: string; readonly text: string }>> = {
  DONE: { tone: "succeeded", text: "✓ done" },
  DENIED: { tone: "failed", text: "✕ denied" },
  FAILED: { tone: "error", text: "! failed" },
};

/** What was done, by whom and when, newest first; of a project, or of the whole instance. */
@Component({
  selector: "alm-trail",
  imports: [Ago, JsonPipe],
  templateUrl: "./trail.html",
})
export class Trail {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly address = toSignal(this.route.queryParamMap, { requireSync: true });
  private asked: Subscription | undefined;

  /** The project's id; null for the whole instance. */
  readonly project = input.required<string | null>();
  /** What is filtered by, as it stands in the address. */
  protected readonly query = computed<AuditQuery>(() => {
    const address = this.address();
    return Object.fromEntries(NAMES.map((name) => [name, address.get(name) ?? undefined]));
  });

  protected readonly events = signal<readonly AuditBitsFragment[] | null>(null);
  protected readonly trouble = signal<string | null>(null);
  protected readonly busy = signal(false);
  private readonly next = signal<string | null>(null);
  protected readonly hasMore = computed(() => this.next() !== null);
  protected readonly isFiltered = computed(() => Object.values(this.query()).some(Boolean));
  protected readonly by = actorName;
  /** What was done since the list was read, newest first. */
  private readonly recorded = signal<readonly AuditBitsFragment[]>([]);
  protected readonly fresh = computed(() => {
    const known = new Set(this.events()?.map(({ id }) => id));
    const filter = filterOf(this.query());
    return this.recorded().filter((event) => !known.has(event.id) && fits(event, filter));
  });

  constructor() {
    effect((clean) => {
      const project = this.project();
      const stream = untracked(() => this.listen(project));
      clean(() => stream.unsubscribe());
    });
    effect((clean) => {
      const [project, filter] = [this.project(), filterOf(this.query())];
      untracked(() => this.load(project, filter));
      clean(() => this.asked?.unsubscribe());
    });
  }

  protected outcome(outcome: string) {
    return OUTCOMES[outcome] ?? { tone: "idle", text: outcome };
  }

  protected again(): void {
    this.load(this.project(), filterOf(this.query()));
  }

  /** Puts what is new to the top: not before it is wanted, so that nothing moves under a reader. */
  protected show(): void {
    const fresh = this.fresh();
    this.events.update((known) => [...fresh, ...(known ?? [])]);
    this.recorded.set([]);
  }

  protected more(): void {
    this.load(this.project(), filterOf(this.query()), this.next());
  }

  /** Puts a filter into the address, which then is what is shown. */
  protected set(change: AuditQuery): void {
    const queryParams = Object.fromEntries(Object.entries(change).map(([name, text]) => [name, text || null]));
    void this.router.navigate([], { relativeTo: this.route, queryParams, queryParamsHandling: "merge" });
  }

  protected clear(): void {
    void this.router.navigate([], { relativeTo: this.route });
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
    this.asked?.unsubscribe();
    if (!after) this.events.set(null);
    this.busy.set(true);
    this.asked = this.apollo.query({ query: AuditTrailDocument, variables: { project, filter, after } }).subscribe({
      next: ({ data }) => {
        this.busy.set(false);
        this.trouble.set(null);
        const page = data?.auditEvents;
        const told = page?.edges.map((edge) => edge.node) ?? [];
        this.events.update((known) => (after ? [...(known ?? []), ...told] : told));
        this.next.set(page ? next(page.pageInfo) : null);
      },
      error: (error: unknown) => {
        this.busy.set(false);
        this.trouble.set(problem(error));
      },
    });
  }
}

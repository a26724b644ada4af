import { JsonPipe } from "@angular/common";
import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { ActivatedRoute, Router } from "@angular/router";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import { type AuditBitsFragment, type AuditFilter, AuditTrailDocument } from "../api/operations";
import { actorName } from "../parts/actor";
import { problem } from "../parts/problem";
import { Ago } from "../parts/time";
import { type AuditQuery, filterOf } from "./filter";

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
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private asked: Subscription | undefined;

  /** The project's id; null for the whole instance. */
  readonly project = input.required<string | null>();
  /** What is filtered by, as it stands in the address. */
  readonly query = input.required<AuditQuery>();

  protected readonly events = signal<readonly AuditBitsFragment[] | null>(null);
  protected readonly trouble = signal<string | null>(null);
  protected readonly busy = signal(false);
  private readonly next = signal<string | null>(null);
  protected readonly hasMore = computed(() => this.next() !== null);
  protected readonly isFiltered = computed(() => Object.values(this.query()).some(Boolean));
  protected readonly by = actorName;

  constructor() {
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
        this.next.set(page?.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null);
      },
      error: (error: unknown) => {
        this.busy.set(false);
        this.trouble.set(problem(error));
      },
    });
  }
}

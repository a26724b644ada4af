import { Component, DestroyRef, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router, RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import { type HealthState, type ProjectCardFragment, type ProjectOrder, ProjectsDocument } from "../api/operations";
import { Clock } from "../core/clock";
import { FirstRun } from "../first-run/first-run";
import { next } from "../parts/pages";
import { problem } from "../parts/problem";
import { ProjectCard } from "./card";

const VERDICTS: readonly { readonly value: HealthState; readonly words: string }[] = [
  { value: "FAILING", words: "Failing" },
  { value: "HEALTHY", words: "Healthy" },
  { value: "UNKNOWN", words: "No result yet" },
];

/** Every project that the reader may see. What is looked for, and in which order, is in the address. */
@Component({ selector: "alm-projects", imports: [FirstRun, ProjectCard, RouterLink], templateUrl: "./projects.html" })
export class Projects {
  private readonly apollo = inject(Apollo);
  private readonly clock = inject(Clock);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly destroyed = inject(DestroyRef);
  private asked: Subscription | undefined;

  /** From the address. */
  readonly search = input<string>();
  readonly sort = input<string>();
  readonly archived = input<string>();
  readonly health = input<string>();

  protected readonly projects = signal<readonly ProjectCardFragment[] | null>(null);
  protected readonly total = signal<number | null>(null);
  protected readonly next = signal<string | null>(null);
  protected readonly trouble = signal<string | null>(null);
  protected readonly verdicts = VERDICTS;
  protected readonly isFiltered = computed(() => this.wanted().search !== null || this.wanted().health !== null);
  protected readonly wanted = computed(() => {
    const orderBy: ProjectOrder = this.sort() === "name" ? "NAME" : "ACTIVITY";
    const health = VERDICTS.find(({ value }) => value.toLowerCase() === this.health())?.value ?? null;
    return { search: this.search() || null, orderBy, includeArchived: this.archived() === "true", health };
  });

  constructor() {
    effect(() => {
      this.wanted();
      untracked(() => this.load());
    });
  }

  /** Only what differs from the usual stands in the address. */
  protected filter(changed: { search?: string | null; sort?: string | null; archived?: string | null; health?: string | null }): void {
    void this.router.navigate([], { relativeTo: this.route, queryParams: changed, queryParamsHandling: "merge", replaceUrl: true, scroll: "manual" });
  }

  /** The first page, or the one behind `after`. */
  protected load(after: string | null = null): void {
    this.asked?.unsubscribe();
    this.asked = this.apollo
      .query({ query: ProjectsDocument, variables: { ...this.wanted(), after } })
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data }) => {
          if (data?.serverInfo) this.clock.set(data.serverInfo.now);
          this.trouble.set(null);
          const page = data?.projects;
          if (!page) return;
          const fresh = page.edges.map((edge) => edge.node);
          this.projects.update((known) => (after ? [...(known ?? []), ...fresh] : fresh));
          this.total.set(page.totalCount);
          this.next.set(next(page.pageInfo));
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }
}

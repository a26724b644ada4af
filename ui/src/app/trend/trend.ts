import { Component, DestroyRef, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";
import { of, switchMap } from "rxjs";
import type { Subscription } from "rxjs";

import { type TrendBitsFragment, TrendDocument, TrendLiveDocument, TrendServiceDocument } from "../api/operations";
import { Follow } from "../core/follow";
import { Missing } from "../parts/missing";
import { newer } from "../parts/newer";
import { problem } from "../parts/problem";
import { length } from "../parts/time";
import { chart } from "./chart";

/** How the last hundred builds of a service went: how long they took, and how many were good. */
@Component({ selector: "alm-trend", imports: [RouterLink, Missing], templateUrl: "./trend.html" })
export class Trend {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly title = inject(Title);
  private readonly destroyed = inject(DestroyRef);
  private live: Subscription | undefined;

  /** From the address. */
  readonly project = input.required<string>();
  readonly service = input.required<string>();

  protected readonly shown = signal<TrendBitsFragment | null>(null);
  protected readonly home = signal<string | null>(null);
  protected readonly gone = signal(false);
  protected readonly trouble = signal<string | null>(null);
  protected readonly chart = computed(() => chart(this.shown()?.stats ?? { count: 0, successRate: null, medianDuration: null, p95Duration: null, bars: [] }));
  protected readonly length = length;

  constructor() {
    effect((clean) => {
      const [project, service] = [this.project(), this.service()];
      untracked(() => this.load(project, service));
      clean(() => this.live?.unsubscribe());
    });
  }

  protected load(project: string, slug: string): void {
    this.shown.set(null);
    this.trouble.set(null);
    this.apollo
      .query({ query: TrendServiceDocument, variables: { project } })
      .pipe(
        switchMap(({ data }) => {
          const home = data?.project;
          const found = home?.services.find((one) => one.slug === slug);
          this.home.set(home?.displayName ?? null);
          this.gone.set(!found);
          if (!home || !found) return of(null);
          this.title.setTitle(`Trend of ${found.displayName} · ALM`);
          this.listen(home.id, found.id);
          return this.apollo.query({ query: TrendDocument, variables: { id: found.id } });
        }),
        takeUntilDestroyed(this.destroyed),
      )
      .subscribe({
        next: (reply) => {
          const told = reply?.data?.node;
          if (told?.__typename === "BuildService") this.shown.update((known) => newer(known, told));
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }

  private listen(project: string, service: string): void {
    this.live?.unsubscribe();
    this.live = this.follow
      .events(TrendLiveDocument, { id: project }, (data) => data.projectUpdates)
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: (event) => {
          if (event.__typename !== "BuildServiceChanged" || event.service.id !== service) return;
          this.shown.update((known) => newer(known, event.service));
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }
}

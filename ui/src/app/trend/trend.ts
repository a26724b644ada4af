import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { Title } from "@angular/platform-browser";
import { RouterLink } from "@angular/router";
import type { Subscription } from "rxjs";

import { type TrendBitsFragment, TrendDocument, TrendLiveDocument, TrendServiceDocument } from "../api/operations";
import { Follow } from "../core/follow";
import { Reading } from "../core/reading";
import { Missing } from "../parts/missing";
import { newer } from "../parts/newer";
import { length } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { chart } from "./chart";

/** So many builds are looked at, at most: as many as the document asks for. */
const MOST = 100;

/** How the last hundred builds of a service went: how long they took, and how many were good. */
@Component({ selector: "alm-trend", imports: [RouterLink, Missing, Trouble], templateUrl: "./trend.html" })
export class Trend {
  private readonly follow = inject(Follow);
  private readonly title = inject(Title);
  protected readonly reading = new Reading();
  private live: Subscription | undefined;

  /** From the address. */
  readonly project = input.required<string>();
  readonly service = input.required<string>();

  protected readonly shown = signal<TrendBitsFragment | null>(null);
  protected readonly home = signal<string | null>(null);
  protected readonly gone = signal(false);
  protected readonly chart = computed(() => chart(this.shown()?.stats ?? { count: 0, successRate: null, medianDuration: null, p95Duration: null, bars: [] }));
  protected readonly cancelled = computed(() => this.shown()?.stats.bars.filter(({ status }) => status === "CANCELLED").length ?? 0);
  protected readonly most = MOST;
  /** What the chart begins and ends with. */
  protected readonly ends = computed(() => {
    const [first, last] = [this.chart().columns[0]?.number, this.chart().columns.at(-1)?.number];
    return first !== undefined && last !== undefined && first !== last ? { first, last } : null;
  });
  protected readonly length = length;

  constructor() {
    effect((clean) => {
      const [project, service] = [this.project(), this.service()];
      untracked(() => this.load(project, service));
      clean(() => this.live?.unsubscribe());
    });
  }

  private load(project: string, slug: string): void {
    this.shown.set(null);
    this.reading.ask(TrendServiceDocument, { project }, "project", ({ project: home }) => {
      const found = home?.services.find((one) => one.slug === slug);
      this.home.set(home?.displayName ?? null);
      this.gone.set(!found);
      if (!home || !found) return;
      this.title.setTitle(`Trend of ${found.displayName} · ALM`);
      this.listen(home.id, found.id);
      this.read(found.id);
    });
  }

  /** What the stream has told meanwhile is newer than the answer. */
  private read(service: string): void {
    const before = this.shown();
    this.reading.ask(TrendDocument, { id: service }, "node", ({ node }) => {
      if (node?.__typename === "BuildService" && this.shown() === before) this.shown.set(node);
    });
  }

  private listen(project: string, service: string): void {
    this.live?.unsubscribe();
    this.live = this.follow.events(TrendLiveDocument, { id: project }, (data) => data.projectUpdates).subscribe({
      next: (event) => {
        // A build may have ended before the stream began: it tells of none that is over by then.
        if (event.__typename === "ProjectSnapshot") this.read(service);
        const told = event.__typename === "BuildServiceChanged" ? event.service : event.__typename === "BuildChanged" ? event.build.service : null;
        if (told?.id === service) this.shown.update((known) => newer(known, told));
      },
      error: (error: unknown) => this.reading.failed(error, () => this.load(this.project(), this.service())),
    });
  }
}

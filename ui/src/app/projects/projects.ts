import { Component, computed, inject, signal } from "@angular/core";
import { RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";

import { type ProjectsQuery, ProjectsDocument } from "../api/operations";
import { Clock } from "../core/clock";
import { FirstRun } from "../first-run/first-run";
import { problem } from "../parts/problem";
import { Spark } from "../parts/spark";
import { Status } from "../parts/status";
import { Ago } from "../parts/time";

const HEALTH: Record<string, { tone: string; word: string }> = {
  HEALTHY: { tone: "succeeded", word: "✓ Healthy" },
  DEGRADED: { tone: "warning", word: "! Degraded" },
  FAILING: { tone: "failed", word: "✕ Failing" },
  UNKNOWN: { tone: "idle", word: "No builds yet" },
};

@Component({ selector: "alm-projects", imports: [FirstRun, RouterLink, Spark, Status, Ago], templateUrl: "./projects.html" })
export class Projects {
  private readonly apollo = inject(Apollo);
  private readonly clock = inject(Clock);

  protected readonly found = signal<ProjectsQuery["projects"]>(null);
  protected readonly trouble = signal<string | null>(null);
  protected readonly search = signal("");
  protected readonly projects = computed(() => this.found()?.edges.map((edge) => edge.node) ?? []);

  constructor() {
    this.load();
  }

  protected health(state: string) {
    return HEALTH[state] ?? { tone: "idle", word: state };
  }

  protected searchFor(event: Event, text: string): void {
    event.preventDefault();
    this.search.set(text.trim());
    this.load();
  }

  protected load(): void {
    const search = this.search() || null;
    this.apollo.query({ query: ProjectsDocument, variables: { search } }).subscribe({
      next: ({ data }) => {
        if (data?.serverInfo) this.clock.set(data.serverInfo.now);
        this.trouble.set(null);
        this.found.set(data?.projects ?? null);
      },
      error: (error: unknown) => this.trouble.set(problem(error)),
    });
  }
}

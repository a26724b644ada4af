import { Component, computed, effect, inject, signal, untracked } from "@angular/core";
import { RouterLink } from "@angular/router";

import { type HealthState, type ProjectCardFragment, type ProjectOrder, ProjectsDocument } from "../api/operations";
import { addressed } from "../core/addressed";
import { Clock } from "../core/clock";
import { Reading } from "../core/reading";
import { FirstRun } from "../first-run/first-run";
import { next } from "../parts/pages";
import { Trouble } from "../parts/trouble";
import { ProjectCard } from "./card";

const VERDICTS: readonly { readonly value: HealthState; readonly words: string }[] = [
  { value: "FAILING", words: "Failing" },
  { value: "HEALTHY", words: "Healthy" },
  { value: "UNKNOWN", words: "No result yet" },
];

/** Every project that the reader may see. What is looked for, and in which order, is in the address. */
@Component({ selector: "alm-projects", imports: [FirstRun, ProjectCard, RouterLink, Trouble], templateUrl: "./projects.html" })
export class Projects {
  private readonly clock = inject(Clock);
  protected readonly filters = addressed("search", "sort", "archived", "health");
  protected readonly reading = new Reading();

  protected readonly projects = signal<readonly ProjectCardFragment[] | null>(null);
  protected readonly total = signal<number | null>(null);
  protected readonly next = signal<string | null>(null);
  protected readonly verdicts = VERDICTS;
  protected readonly isFiltered = computed(() => this.wanted().search !== null || this.wanted().health !== null);
  protected readonly wanted = computed(() => {
    const { search, sort, archived, health } = this.filters.query();
    const orderBy: ProjectOrder = sort === "name" ? "NAME" : "ACTIVITY";
    const verdict = VERDICTS.find(({ value }) => value.toLowerCase() === health)?.value ?? null;
    return { search: search ?? null, orderBy, includeArchived: archived === "true", health: verdict };
  });

  constructor() {
    effect(() => {
      this.wanted();
      untracked(() => this.load());
    });
  }

  /** The first page, or the one behind `after`. */
  protected load(after: string | null = null): void {
    this.reading.ask(ProjectsDocument, { ...this.wanted(), after }, "projects", ({ projects: page, serverInfo }) => {
      if (serverInfo) this.clock.set(serverInfo.now);
      if (!page) return;
      const fresh = page.edges.map((edge) => edge.node);
      this.projects.update((known) => (after ? [...(known ?? []), ...fresh] : fresh));
      this.total.set(page.totalCount);
      this.next.set(next(page.pageInfo));
    });
  }
}

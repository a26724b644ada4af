import { Component, DestroyRef, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import { ProjectDocument, ProjectLiveDocument } from "../api/operations";
import { Awaited } from "../build/awaited";
import { Follow } from "../core/follow";
import { problem } from "../parts/problem";
import { Spark } from "../parts/spark";
import { Status } from "../parts/status";
import { Ago, Elapsed, length } from "../parts/time";
import { Head } from "./head";
import { type ProjectState, UNKNOWN, continued, folded } from "./project-state";
import { Start } from "./start/start";

/** How many build services are shown before somebody asks for all: their builds are below them. */
const FEW = 12;

@Component({
  selector: "alm-project",
  imports: [Awaited, RouterLink, Spark, Start, Status, Ago, Elapsed],
  templateUrl: "./project.html",
})
export class Project {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly head = inject(Head);
  protected readonly mayEdit = computed(() => this.head.edit()?.allowed === true && !this.head.project()?.isArchived);
  private readonly destroyed = inject(DestroyRef);
  private live: Subscription | undefined;

  /** Its short name, from the address. */
  readonly project = input.required<string>();

  private readonly state = signal<ProjectState>(UNKNOWN);
  protected readonly shown = computed(() => this.state().project);
  protected readonly builds = computed(() => this.state().builds);
  protected readonly few = FEW;
  /** What is looked for among the build services. */
  protected readonly wanted = signal("");
  protected readonly isWhole = signal(false);
  protected readonly found = computed(() => {
    const words = this.wanted().trim().toLowerCase();
    const all = this.shown()?.services ?? [];
    return words ? all.filter(({ slug, displayName }) => `${slug} ${displayName}`.toLowerCase().includes(words)) : all;
  });
  protected readonly services = computed(() => (this.isWhole() ? this.found() : this.found().slice(0, FEW)));
  protected readonly gone = signal(false);
  protected readonly trouble = signal<string | null>(null);
  protected readonly hasMore = computed(() => this.state().older !== null);

  constructor() {
    this.head.named("Builds");
    effect((clean) => {
      const slug = this.project();
      untracked(() => {
        this.state.set(UNKNOWN);
        this.load(slug);
      });
      clean(() => this.live?.unsubscribe());
    });
  }

  protected readonly length = length;

  protected load(slug: string, after: string | null = null): void {
    this.apollo
      .query({ query: ProjectDocument, variables: { slug, after } })
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data }) => {
          const project = data?.project;
          this.trouble.set(null);
          this.gone.set(!project);
          if (!project) return;
          const { builds, ...card } = project;
          this.state.update((known) => continued(after ? known : { ...UNKNOWN, project: card }, builds));
          if (!after) this.listen(project.id);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }

  protected more(): void {
    this.load(this.project(), this.state().older);
  }

  private listen(id: string): void {
    this.live?.unsubscribe();
    this.live = this.follow
      .events(ProjectLiveDocument, { id, withBuilds: true }, (data) => data.projectUpdates)
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: (event) => {
          this.state.update((state) => folded(state, event));
          const project = this.shown();
          if (project) this.head.told(project);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }
}

import { Component, DestroyRef, computed, effect, inject, input, signal } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import {
  type BuildRowFragment,
  type ProjectCardFragment,
  ProjectDocument,
  ProjectLiveDocument,
} from "../api/operations";
import { Follow } from "../core/follow";
import { problem } from "../parts/problem";
import { Spark } from "../parts/spark";
import { Status } from "../parts/status";
import { Ago, Elapsed, length } from "../parts/time";
import { Head } from "./head";
import { folded } from "./project-state";
import { Start } from "./start/start";

@Component({
  selector: "alm-project",
  imports: [RouterLink, Spark, Start, Status, Ago, Elapsed],
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

  protected readonly shown = signal<ProjectCardFragment | null>(null);
  protected readonly builds = signal<readonly BuildRowFragment[]>([]);
  protected readonly gone = signal(false);
  protected readonly trouble = signal<string | null>(null);
  protected readonly hasMore = computed(() => this.next() !== null);
  private readonly next = signal<string | null>(null);

  constructor() {
    this.head.named("Builds");
    effect((clean) => {
      this.load(this.project());
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
          const page = project.builds.edges.map((edge) => edge.node);
          this.builds.update((known) => (after ? [...known, ...page] : page));
          this.next.set(project.builds.pageInfo.hasNextPage ? (project.builds.pageInfo.endCursor ?? null) : null);
          if (after) return;
          this.shown.set(project);
          this.listen(project.id);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }

  protected more(): void {
    this.load(this.project(), this.next());
  }

  private listen(id: string): void {
    this.live?.unsubscribe();
    this.live = this.follow
      .events(ProjectLiveDocument, { id }, (data) => data.projectUpdates)
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: (event) => {
          const state = folded({ project: this.shown(), builds: this.builds() }, event);
          this.shown.set(state.project);
          this.builds.set(state.builds);
          if (state.project) this.head.told(state.project);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }
}

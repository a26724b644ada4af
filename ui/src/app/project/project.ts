import { Component, DestroyRef, computed, effect, inject, input, signal } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { Router, RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";
import type { Subscription } from "rxjs";

import {
  type BuildRowFragment,
  type ProjectCardFragment,
  ProjectDocument,
  ProjectLiveDocument,
  type ServiceCardFragment,
  StartBuildDocument,
} from "../api/operations";
import { Follow } from "../core/follow";
import { problem } from "../parts/problem";
import { Spark } from "../parts/spark";
import { Status } from "../parts/status";
import { Ago, Elapsed, length } from "../parts/time";
import { Head } from "./head";
import { folded } from "./project-state";

@Component({
  selector: "alm-project",
  imports: [RouterLink, Spark, Status, Ago, Elapsed],
  templateUrl: "./project.html",
})
export class Project {
  private readonly apollo = inject(Apollo);
  private readonly follow = inject(Follow);
  private readonly router = inject(Router);
  private readonly head = inject(Head);
  private readonly destroyed = inject(DestroyRef);
  private live: Subscription | undefined;

  /** Its short name, from the address. */
  readonly project = input.required<string>();

  protected readonly shown = signal<ProjectCardFragment | null>(null);
  protected readonly builds = signal<readonly BuildRowFragment[]>([]);
  protected readonly gone = signal(false);
  protected readonly trouble = signal<string | null>(null);
  protected readonly starting = signal<string | null>(null);
  protected readonly refused = signal<readonly string[]>([]);
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

  protected start(service: ServiceCardFragment): void {
    this.starting.set(service.id);
    const input = { serviceId: service.id };
    this.apollo.mutate({ mutation: StartBuildDocument, variables: { input } }).subscribe({
      next: ({ data }) => {
        this.starting.set(null);
        const payload = data?.startBuild;
        const build = payload?.build;
        if (build) {
          void this.router.navigate(["/projects", this.project(), service.slug, "builds", build.number]);
        } else {
          this.refused.set((payload?.userErrors ?? []).map((error) => error.message));
        }
      },
      error: (error: unknown) => {
        this.starting.set(null);
        this.refused.set([problem(error)]);
      },
    });
  }

  protected allowed(service: ServiceCardFragment, action: string) {
    return service.actions.find((one) => one.action === action);
  }

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

import { Component, DestroyRef, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { RouterLink, RouterLinkActive, RouterOutlet } from "@angular/router";
import { Apollo } from "apollo-angular";

import { ProjectFrameDocument } from "../api/operations";
import { Clock } from "../core/clock";
import { Missing } from "../parts/missing";
import { problem } from "../parts/problem";
import { Head } from "./head";

const TABS = [
  { path: "builds", name: "Builds" },
  { path: "environments", name: "Environments" },
  { path: "settings", name: "Settings" },
  { path: "members", name: "Members" },
  { path: "audit", name: "Audit" },
] as const;

/** A project: its name, its tabs, and the one that is open. */
@Component({
  selector: "alm-project-frame",
  imports: [RouterLink, RouterLinkActive, RouterOutlet, Missing],
  providers: [Head],
  template: `
    <nav class="crumbs" aria-label="Where you are"><a routerLink="/">Projects</a> › <bdi>{{ head.project()?.displayName ?? project() }}</bdi></nav>
    @if (gone()) {
      <alm-missing what="This project" />
    } @else {
      <h1>{{ head.project()?.displayName ?? project() }}</h1>
      @if (head.project()?.description; as words) {
        <p class="hint">{{ words }}</p>
      }
      <nav class="tabs" aria-label="Project">
        @for (tab of tabs; track tab.path) {
          <a [routerLink]="['/projects', project(), tab.path]" routerLinkActive="open" ariaCurrentWhenActive="page">{{ tab.name }}</a>
        }
      </nav>
      @if (head.readOnly(); as why) {
        <p class="hint">{{ why }}</p>
      }
      @if (trouble(); as why) {
        <section class="card" role="alert">
          <p>{{ why }}</p>
          <button type="button" (click)="load(project())">Try again</button>
        </section>
      }
      <router-outlet />
    }
  `,
})
export class ProjectFrame {
  private readonly apollo = inject(Apollo);
  private readonly clock = inject(Clock);
  private readonly destroyed = inject(DestroyRef);
  protected readonly head = inject(Head);
  protected readonly tabs = TABS;

  /** Its short name, from the address. */
  readonly project = input.required<string>();

  protected readonly gone = signal(false);
  protected readonly trouble = signal<string | null>(null);

  constructor() {
    effect(() => {
      const slug = this.project();
      untracked(() => this.load(slug));
    });
  }

  protected load(slug: string): void {
    this.apollo
      .query({ query: ProjectFrameDocument, variables: { slug } })
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data }) => {
          if (data?.serverInfo) this.clock.set(data.serverInfo.now);
          this.trouble.set(null);
          this.gone.set(!data?.project);
          this.head.project.set(data?.project ?? null);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }
}

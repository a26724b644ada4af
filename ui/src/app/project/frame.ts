import { Component, effect, inject, input, signal, untracked } from "@angular/core";
import { RouterLink, RouterLinkActive, RouterOutlet } from "@angular/router";

import { ProjectFrameDocument } from "../api/operations";
import { Clock } from "../core/clock";
import { Reading } from "../core/reading";
import { Missing } from "../parts/missing";
import { Trouble } from "../parts/trouble";
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
  imports: [RouterLink, RouterLinkActive, RouterOutlet, Missing, Trouble],
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
      <alm-trouble what="What this project may do" [reading]="reading" />
      <router-outlet />
    }
  `,
})
export class ProjectFrame {
  private readonly clock = inject(Clock);
  protected readonly head = inject(Head);
  protected readonly reading = new Reading();
  protected readonly tabs = TABS;

  /** Its short name, from the address. */
  readonly project = input.required<string>();

  protected readonly gone = signal(false);

  constructor() {
    effect(() => {
      const slug = this.project();
      untracked(() => this.load(slug));
    });
  }

  private load(slug: string): void {
    this.reading.ask(ProjectFrameDocument, { slug }, "project", ({ project, serverInfo }) => {
      if (serverInfo) this.clock.set(serverInfo.now);
      this.gone.set(!project);
      this.head.project.set(project ?? null);
    });
  }
}

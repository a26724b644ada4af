import { Component, DestroyRef, ElementRef, afterNextRender, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { RouterLink } from "@angular/router";

import { type ProjectCardFragment, ProjectLiveDocument } from "../api/operations";
import { Follow } from "../core/follow";
import { Spark } from "../parts/spark";
import { Status } from "../parts/status";
import { Ago } from "../parts/time";
import { type ProjectState, UNKNOWN, folded } from "../project/project-state";
import { latest } from "./latest";
import { reason } from "./reason";

/** How many build services of a project are listed before somebody asks for all. */
const FEW = 10;

const HEALTH: Record<string, { tone: string; word: string }> = {
  HEALTHY: { tone: "succeeded", word: "✓ Healthy" },
  DEGRADED: { tone: "warning", word: "! Degraded" },
  FAILING: { tone: "failed", word: "✕ Failing" },
  UNKNOWN: { tone: "idle", word: "No result yet" },
};

/**
 * A project of the list. It is live while it can be seen: there is no stream of all projects, and those of the few that are on the
 * screen cost the server next to nothing, because it executes each once for all who follow it.
 */
@Component({
  selector: "alm-project-card",
  imports: [RouterLink, Spark, Status, Ago],
  template: `
    @let it = shown();
    <section class="card" [attr.aria-labelledby]="it.id">
      <div class="bar">
        <h2 [id]="it.id"><a [routerLink]="['/projects', it.slug]">{{ it.displayName }}</a></h2>
        @if (it.isArchived) {
          <span class="badge">archived</span>
        }
        <span class="status" [attr.data-tone]="health().tone">{{ health().word }}</span>
        @if (reason(); as why) {
          @if (why.link; as link) {
            <a class="reason" [routerLink]="link">{{ why.text }}</a>
          } @else {
            <span class="hint">{{ why.text }}</span>
          }
          @if (it.health.reasons.length > 1) {
            <span class="hint">and {{ it.health.reasons.length - 1 }} more</span>
          }
        }
      </div>
      @for (service of listed(); track service.id) {
        <div class="row service">
          <a class="name" [routerLink]="['/projects', it.slug, service.slug, 'trend']"><bdi>{{ service.displayName }}</bdi></a>
          <alm-spark [bars]="service.stats.bars" />
          @if (service.latest; as build) {
            <a [routerLink]="['/projects', it.slug, service.slug, 'builds', build.number]">#{{ build.number }}</a>
            <alm-status [status]="build.status" />
            <span class="hint">
              <alm-ago [at]="build.queuedAt" />
              @if (service.stats.successRate !== null) {
                · {{ (100 * service.stats.successRate).toFixed(0) }} % good
              }
            </span>
          } @else {
            <span class="hint none">no builds yet</span>
          }
        </div>
      } @empty {
        <p class="hint">No build services yet.</p>
      }
      @if (listed().length < services().length) {
        <p><button type="button" class="link" (click)="isWhole.set(true)">Show all {{ services().length }} build services</button></p>
      }
    </section>
  `,
})
export class ProjectCard {
  private readonly follow = inject(Follow);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);

  readonly project = input.required<ProjectCardFragment>();
  private readonly isSeen = signal(false);
  private readonly told = signal<ProjectState>(UNKNOWN);
  protected readonly shown = computed(() => this.told().project ?? this.project());
  protected readonly services = computed(() => latest(this.shown().services, this.told().builds));
  protected readonly isWhole = signal(false);
  protected readonly listed = computed(() => (this.isWhole() ? this.services() : this.services().slice(0, FEW)));
  protected readonly reason = computed(() => reason(this.shown()));
  protected readonly health = computed(() => HEALTH[this.shown().health.state] ?? { tone: "idle", word: this.shown().health.state });

  constructor() {
    const watch = new IntersectionObserver((all) => this.isSeen.set(all.at(-1)?.isIntersecting ?? false));
    afterNextRender(() => watch.observe(this.host.nativeElement.firstElementChild ?? this.host.nativeElement));
    inject(DestroyRef).onDestroy(() => watch.disconnect());
    effect((clean) => {
      const id = this.project().id;
      if (!this.isSeen()) return;
      const stream = untracked(() =>
        this.follow.events(ProjectLiveDocument, { id }, (data) => data.projectUpdates).subscribe({
          next: (event) => this.told.update((state) => folded(state, event)),
          // What cannot be followed stays as it was.
          error: () => undefined,
        }),
      );
      clean(() => stream.unsubscribe());
    });
  }
}

import { Component, DestroyRef, ElementRef, Injector, afterNextRender, computed, inject, input, linkedSignal, signal, untracked, viewChild } from "@angular/core";
import { RouterLink } from "@angular/router";

import type { BuildEntryFragment } from "../api/operations";
import { Awaited } from "../build/awaited";
import { cause } from "../build/cause";
import { Status } from "../parts/status";
import { Ago, Elapsed, length } from "../parts/time";
import { type Place, order } from "./project-state";

/** Builds, newest first. What is new slides in only while the top can be seen: nothing moves under somebody who reads further down. */
@Component({
  selector: "alm-build-list",
  imports: [Awaited, RouterLink, Status, Ago, Elapsed],
  template: `
    <div #top></div>
    @if (fresh(); as count) {
      <p class="fresh" role="status"><button type="button" (click)="show()">↑ {{ count }} new {{ count === 1 ? "build" : "builds" }}</button></p>
    }
    <ul #list class="card builds" tabindex="-1" aria-label="Builds, newest first" [class.old]="isOld()" [attr.aria-busy]="isOld()">
      @for (build of shown(); track build.id) {
        <li [class.past]="!fits()(build)">
          <a class="row build" [routerLink]="['/projects', project(), build.service.slug, 'builds', build.number]">
            <alm-status [status]="build.status" />
            <span class="name"><bdi>{{ build.service.displayName }}</bdi> #{{ build.number }}</span>
            <span class="wide"><bdi>{{ build.commit?.title ?? build.ref }}</bdi></span>
            <span class="cause hint"><bdi>{{ cause(build.trigger) }}</bdi></span>
            <span class="marks">
              @for (count of build.stageCounts; track count.status) {
                <span class="mark"><alm-status [status]="count.status" [brief]="true" />{{ count.count }}</span>
              }
            </span>
            <span class="took">
              <alm-elapsed [from]="build.startedAt" [to]="build.finishedAt" />
              @if (build.startedAt && !build.finishedAt && build.expectedDuration; as usual) {
                <span class="hint">of {{ length(usual) }}</span>
              }
            </span>
            <alm-ago class="when hint" [at]="build.queuedAt" />
          </a>
          @if (build.waitsFor.length > 0) {
            <alm-awaited class="under" [accounts]="build.waitsFor" [quiet]="true" />
          }
        </li>
      }
    </ul>
  `,
})
export class BuildList {
  /** Short name of the project. */
  readonly project = input.required<string>();
  readonly builds = input.required<readonly BuildEntryFragment[]>();
  /** Whether a build is what is looked for: those that are it no more are shown as such. */
  readonly fits = input.required<(build: BuildEntryFragment) => boolean>();
  /** Whether something else is looked for already, which is on its way. */
  readonly isOld = input(false);

  protected readonly cause = cause;
  protected readonly length = length;
  private readonly injector = inject(Injector);
  private readonly top = viewChild.required<ElementRef<HTMLElement>>("top");
  private readonly list = viewChild.required<ElementRef<HTMLElement>>("list");
  private readonly isPassed = signal(false);
  /** The newest build when the top was scrolled out of sight: those after it wait. */
  private readonly newest = linkedSignal<{ isPassed: boolean; isOld: boolean }, Place | null>({
    source: () => ({ isPassed: this.isPassed(), isOld: this.isOld() }),
    computation: ({ isPassed, isOld }) => (isPassed && !isOld ? (untracked(this.builds)[0] ?? null) : null),
  });
  protected readonly shown = computed(() => {
    const newest = this.newest();
    return newest ? this.builds().filter((build) => order(newest, build) <= 0) : this.builds();
  });
  protected readonly fresh = computed(() => this.builds().length - this.shown().length);

  constructor() {
    const destroyed = inject(DestroyRef);
    afterNextRender(() => {
      const observer = new IntersectionObserver(([entry]) => entry && this.isPassed.set(!entry.isIntersecting && entry.boundingClientRect.top < 0));
      observer.observe(this.top().nativeElement);
      destroyed.onDestroy(() => observer.disconnect());
    });
  }

  protected show(): void {
    this.newest.set(null);
    this.list().nativeElement.focus({ preventScroll: true });
    // Before they are there, the browser would hold on to the row that was the first.
    afterNextRender(() => this.top().nativeElement.scrollIntoView({ block: "start" }), { injector: this.injector });
  }
}

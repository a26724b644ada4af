import { Component, DestroyRef, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router, RouterLink } from "@angular/router";
import type { Subscription } from "rxjs";

import { type DeploymentBitsFragment, HistoryDocument, HistoryLiveDocument } from "../../api/operations";
import { Follow } from "../../core/follow";
import { Reading } from "../../core/reading";
import { Status } from "../../parts/status";
import { Ago } from "../../parts/time";
import { Trouble } from "../../parts/trouble";
import { Head } from "../head";
import { type HistoryState, continued, folded } from "./history-state";

/** What was brought to an environment, newest first. */
@Component({
  selector: "alm-history",
  imports: [RouterLink, Status, Ago, Trouble],
  template: `
    <p class="crumbs"><a [routerLink]="['/projects', project(), 'environments']">Environments</a> › {{ title() ?? environment() }}</p>
    <div class="bar">
      <h2>History of {{ title() ?? environment() }}</h2>
      @if (services().length > 1 || service()) {
        <label for="of">Build service</label>
        <select #of id="of" (change)="choose(of.value)">
          <option value="" [selected]="!service()">All</option>
          @for (one of services(); track one.slug) {
            <option [value]="one.slug" [selected]="one.slug === service()">{{ one.displayName }}</option>
          }
        </select>
      }
    </div>
    <alm-trouble what="The history" [reading]="reading" />
    @if (gone()) {
      <section class="card empty">
        <p>This project has no environment of that name, or it was removed.</p>
        <a [routerLink]="['/projects', project(), 'environments']">All environments</a>
      </section>
    } @else if (state(); as known) {
      <ul class="card builds" aria-label="Deployments, newest first">
        @for (one of shown(); track one.id) {
          <li>
            <div class="row deployment">
              <alm-status [status]="one.status" />
              <span class="name">{{ one.version }}</span>
              <span class="wide">{{ one.commit?.title }}</span>
              @if (one.takesBack; as bad) {
                <span class="hint">took back {{ bad.version }}</span>
              }
              <span class="hint">{{ who(one) }}</span>
              <a [routerLink]="['/projects', project(), one.service.slug, 'builds', one.carriedOutBy.number]"
                >{{ one.service.displayName }} #{{ one.carriedOutBy.number }}</a
              >
              <alm-ago [at]="one.activatedAt ?? one.requestedAt" />
            </div>
            @if (one.comment; as words) {
              <p class="said">“{{ words }}”</p>
            }
            @if (one.statusReason; as why) {
              <p class="hint said">{{ why }}</p>
            }
          </li>
        } @empty {
          <li class="hint">{{ known.all.length === 0 ? "Nothing was brought here yet." : "Nothing of this build service among these." }}</li>
        }
      </ul>
      @if (known.older && !reading.trouble()) {
        <button type="button" class="quiet" [disabled]="reading.busy()" (click)="load(known.older)">{{ reading.busy() ? "Loading…" : "Older" }}</button>
      }
    } @else if (!reading.trouble()) {
      <div class="skeleton list" role="status"><span class="unseen">Loading the history…</span></div>
    }
  `,
})
export class History {
  private readonly follow = inject(Follow);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly destroyed = inject(DestroyRef);
  private readonly head = inject(Head);
  protected readonly reading = new Reading();
  private live: Subscription | undefined;

  /** Short name of the project, and name of the environment, from the address. */
  readonly project = input.required<string>();
  readonly environment = input.required<string>();
  /** Short name of the only build service that is shown, in the address. */
  readonly service = input<string>();

  protected readonly state = signal<HistoryState | null>(null);
  private readonly missing = signal(false);
  protected readonly gone = computed(() => this.missing() || this.state()?.isGone === true);
  protected readonly title = computed(() => this.state()?.environment.displayName ?? null);
  protected readonly shown = computed(() => this.state()?.all.filter((one) => !this.service() || one.service.slug === this.service()) ?? []);
  protected readonly services = computed(() => {
    const found = new Map((this.state()?.all ?? []).map((one) => [one.service.slug, one.service]));
    return [...found.values()].sort((a, b) => a.displayName.localeCompare(b.displayName));
  });

  constructor() {
    this.head.named("History");
    effect((clean) => {
      this.project();
      this.environment();
      untracked(() => {
        this.state.set(null);
        this.load(null);
      });
      clean(() => this.live?.unsubscribe());
    });
  }

  protected who({ requestedBy }: DeploymentBitsFragment): string {
    return requestedBy.__typename === "User" ? `by ${requestedBy.displayName}` : "";
  }

  protected choose(service: string): void {
    const queryParams = { service: service || null };
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl: true });
  }

  protected load(after: string | null): void {
    this.reading.ask(HistoryDocument, { slug: this.project(), name: this.environment(), after }, "environment", ({ environment: found }) => {
      this.missing.set(!found);
      if (!found) return;
      const { deployments, project, ...environment } = found;
      const known = after ? this.state() : null;
      this.state.set(continued(known ?? { environment, isGone: false }, deployments));
      if (!after) this.listen(project.id, environment.id);
    });
  }

  private listen(id: string, environment: string): void {
    this.live?.unsubscribe();
    this.live = this.follow
      .events(HistoryLiveDocument, { id, environment }, (data) => data.projectUpdates)
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: (event) => {
          if (event.__typename === "ProjectChanged" || event.__typename === "ProjectSnapshot") this.head.told(event.project);
          this.state.update((state) => state && folded(state, event));
        },
        error: (error: unknown) => this.reading.failed(error, () => this.load(null)),
      });
  }
}

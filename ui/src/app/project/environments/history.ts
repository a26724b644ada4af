import { Component, DestroyRef, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router, RouterLink } from "@angular/router";
import { Apollo } from "apollo-angular";

import { type DeploymentBitsFragment, HistoryDocument } from "../../api/operations";
import { problem } from "../../parts/problem";
import { Status } from "../../parts/status";
import { Ago } from "../../parts/time";
import { Head } from "../head";

/** What was brought to an environment, newest first. */
@Component({
  selector: "alm-history",
  imports: [RouterLink, Status, Ago],
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
    @if (trouble(); as why) {
      <section class="card" role="alert">
        <p>{{ why }}</p>
        <button type="button" (click)="load(next())">Retry</button>
      </section>
    }
    @if (gone()) {
      <section class="card empty">
        <p>This project has no environment of that name, or it was removed.</p>
        <a [routerLink]="['/projects', project(), 'environments']">All environments</a>
      </section>
    } @else if (all(); as known) {
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
          <li class="hint">{{ known.length === 0 ? "Nothing was brought here yet." : "Nothing of this build service among these." }}</li>
        }
      </ul>
      @if (next()) {
        <button type="button" class="quiet" (click)="load(next())">Older</button>
      }
    } @else if (!trouble()) {
      <div class="skeleton list" role="status"><span class="unseen">Loading the history…</span></div>
    }
  `,
})
export class History {
  private readonly apollo = inject(Apollo);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly destroyed = inject(DestroyRef);
  private readonly head = inject(Head);

  /** Short name of the project, and name of the environment, from the address. */
  readonly project = input.required<string>();
  readonly environment = input.required<string>();
  /** Short name of the only build service that is shown, in the address. */
  readonly service = input<string>();

  protected readonly all = signal<readonly DeploymentBitsFragment[] | null>(null);
  protected readonly title = signal<string | null>(null);
  protected readonly next = signal<string | null>(null);
  protected readonly gone = signal(false);
  protected readonly trouble = signal<string | null>(null);
  protected readonly shown = computed(() => this.all()?.filter((one) => !this.service() || one.service.slug === this.service()) ?? []);
  protected readonly services = computed(() => {
    const found = new Map((this.all() ?? []).map((one) => [one.service.slug, one.service]));
    return [...found.values()].sort((a, b) => a.displayName.localeCompare(b.displayName));
  });

  constructor() {
    this.head.named("History");
    effect(() => {
      this.project();
      this.environment();
      untracked(() => {
        this.all.set(null);
        this.load(null);
      });
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
    this.apollo
      .query({ query: HistoryDocument, variables: { slug: this.project(), name: this.environment(), after } })
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: ({ data }) => {
          const found = data?.environment;
          this.trouble.set(null);
          this.gone.set(!found);
          if (!found) return;
          this.title.set(found.displayName);
          this.all.update((known) => [...(after ? (known ?? []) : []), ...found.deployments.nodes]);
          this.next.set(found.deployments.pageInfo.hasNextPage ? (found.deployments.pageInfo.endCursor ?? null) : null);
        },
        error: (error: unknown) => this.trouble.set(problem(error)),
      });
  }
}

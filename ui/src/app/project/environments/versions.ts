import { Component, effect, inject, input, signal, untracked } from "@angular/core";
import { Apollo } from "apollo-angular";
import { firstValueFrom } from "rxjs";

import { type VersionsQuery, VersionsDocument } from "../../api/operations";
import { problem } from "../../parts/problem";
import { Ago } from "../../parts/time";

type Service = Extract<VersionsQuery["node"], { builds: unknown }>;
type Version = Service["builds"]["nodes"][number];

/** How many are shown at most, and how many pages are looked through for them. */
const MOST = 20;
const PAGES = 4;

/** The versions that were built after one, up to another: what a promotion brings. */
@Component({
  selector: "alm-versions",
  imports: [Ago],
  template: `
    <h3>What it brings</h3>
    @if (trouble(); as why) {
      <p role="alert" class="refused">{{ why }} <button type="button" class="quiet" (click)="load()">Retry</button></p>
    } @else if (found(); as them) {
      <ol class="versions" tabindex="0" aria-label="Versions, newest first">
        @for (one of them.shown; track one.id) {
          <li>
            <span class="name">#{{ one.number }}</span>
            @if (one.commit; as commit) {
              <code>{{ commit.sha.slice(0, 8) }}</code>
              <span class="wide">{{ commit.title }}</span>
              <span class="hint">{{ commit.author }}</span>
            }
            @if (one.finishedAt; as at) {
              <alm-ago class="hint" [at]="at" />
            }
          </li>
        }
      </ol>
      @if (them.isCut) {
        <p class="hint">And older ones, which are not listed.</p>
      }
    } @else {
      <p class="skeleton" role="status"><span class="unseen">Loading the versions…</span></p>
    }
  `,
})
export class Versions {
  private readonly apollo = inject(Apollo);

  /** Id of the build service. */
  readonly service = input.required<string>();
  /** Number of the build that runs; null for none. */
  readonly above = input<number | null>(null);
  /** Number of the build that would come. */
  readonly upTo = input.required<number>();

  protected readonly found = signal<{ readonly shown: readonly Version[]; readonly isCut: boolean } | null>(null);
  protected readonly trouble = signal<string | null>(null);

  constructor() {
    effect(() => {
      this.service();
      untracked(() => void this.load());
    });
  }

  protected async load(): Promise<void> {
    this.trouble.set(null);
    try {
      this.found.set(await this.between());
    } catch (error) {
      this.trouble.set(problem(error));
    }
  }

  private async between() {
    // Where nothing runs yet, only what comes is of interest.
    const above = this.above() ?? this.upTo() - 1;
    const shown: Version[] = [];
    let after: string | null = null;
    for (let page = 0; page < PAGES; page++) {
      const variables: { service: string; after: string | null } = { service: this.service(), after };
      const { data } = await firstValueFrom(this.apollo.query({ query: VersionsDocument, variables }));
      const service = data?.node as Service | null | undefined;
      if (!service?.builds) break;
      for (const one of service.builds.nodes) {
        if (one.number <= above) return { shown, isCut: false };
        if (one.number > this.upTo() || one.deployment) continue;
        if (shown.length === MOST) return { shown, isCut: true };
        shown.push(one);
      }
      if (!service.builds.pageInfo.hasNextPage) return { shown, isCut: false };
      after = service.builds.pageInfo.endCursor ?? null;
    }
    return { shown, isCut: true };
  }
}

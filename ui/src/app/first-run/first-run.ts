import { Component, computed, inject, signal } from "@angular/core";
import { Router, RouterLink } from "@angular/router";

import { FirstRunDocument, type FirstRunQuery } from "../api/operations";
import { Reading } from "../core/reading";
import { Control, Field } from "../parts/field";
import { isRepositoryAddress, repositoryName } from "../parts/repository";
import { slugOf } from "../parts/slug";
import { Trouble } from "../parts/trouble";
import { type Plan, Steps } from "./steps";

type Sample = NonNullable<FirstRunQuery["samples"]>[number];

/** What somebody sees who has no project yet: from here to a running build it is one click, or an address and a click. */
@Component({
  selector: "alm-first-run",
  imports: [Control, Field, RouterLink, Trouble],
  providers: [Steps],
  template: `
    <section class="card empty welcome" aria-labelledby="welcome">
      <h2 id="welcome">Your first build</h2>
      <p>Start builds, watch their stages and logs live, answer what they ask, and bring versions to your environments.</p>
    </section>
    <alm-trouble what="What there is to begin with" [reading]="reading" />
    @if (steps.now(); as doing) {
      <p class="note" role="status">{{ doing }}</p>
    }
    @for (why of steps.refused().get(""); track $index) {
      <p class="note failed refused" role="alert">{{ why }}</p>
    }
    @if (found(); as all) {
      <div class="ways">
        @if (samples().length > 0) {
          <section class="card" aria-labelledby="by-sample">
            <h2 id="by-sample">Run a sample</h2>
            <p class="hint">A small pipeline that needs nothing but this server.</p>
            <ul class="plainlist">
              @for (sample of samples(); track sample.name) {
                <li class="row">
                  <span class="grow"><strong>{{ sample.displayName }}</strong><span class="hint"> {{ sample.description }}</span></span>
                  <button
                    type="button"
                    [class.quiet]="!$first"
                    [disabled]="steps.now() !== null"
                    [attr.aria-label]="'Run the sample ' + sample.displayName"
                    (click)="runSample(sample)"
                  >
                    Run
                  </button>
                </li>
              }
            </ul>
          </section>
        }
        <section class="card" aria-labelledby="by-address">
          <h2 id="by-address">Build your repository</h2>
          @if (provider(); as there) {
            <p class="hint">
              It runs on {{ there.displayName }}, by the pipeline in <code>.alm/pipeline.yaml</code> of the repository. Everything can be
              changed later.
            </p>
            <form (submit)="runRepository($event)">
              <alm-field
                label="Address of the repository"
                help="Such as https://git.example.org/team/shop.git"
                [required]="true"
                [errors]="wrong()"
              >
                <input almControl #place required autocomplete="off" spellcheck="false" [value]="url()" (input)="type(place.value)" />
              </alm-field>
              <button type="submit" [disabled]="steps.now() !== null">Create and build</button>
            </form>
          } @else {
            <p>Every provider here needs an account of yours first: create a project, add an environment, connect it, then a build service.</p>
          }
          <p><a routerLink="/create">Create an empty project</a></p>
        </section>
      </div>
    } @else if (!reading.trouble()) {
      <div class="skeleton" role="status"><span class="unseen">Loading…</span></div>
    }
  `,
})
export class FirstRun {
  private readonly router = inject(Router);
  protected readonly steps = inject(Steps);
  protected readonly reading = new Reading();

  protected readonly found = signal<Partial<FirstRunQuery> | null>(null);
  protected readonly url = signal("");
  private readonly tried = signal(false);
  /** What is wrong with the address. */
  protected readonly wrong = computed(() => {
    if (this.tried() && !isRepositoryAddress(this.url())) return ["It is no address that git can clone by: it begins with https://, ssh:// or user@host:, for example."];
    return this.steps.refused().get("repository/url") ?? [];
  });

  /** The first one that builds for somebody who has connected nothing yet. */
  protected readonly provider = computed(() => {
    const all = this.found();
    const free = new Set(all?.providerKinds?.filter((one) => !one.needsToken).map((one) => one.kind));
    const usable = all?.providers?.edges.map((edge) => edge.node).filter((one) => free.has(one.kind)) ?? [];
    return usable.find((one) => one.health?.state === "HEALTHY") ?? usable[0] ?? null;
  });
  /** Samples are repositories of the server's machine. */
  private readonly machine = computed(() => this.found()?.providers?.edges.map((edge) => edge.node).find((one) => one.kind === "LOCAL"));
  protected readonly samples = computed(() => (this.machine() ? (this.found()?.samples ?? []) : []));

  constructor() {
    this.reading.ask(FirstRunDocument, {}, ["samples", "providers", "providerKinds"], (found) => this.found.set(found));
  }

  protected runSample(sample: Sample): void {
    const provider = this.machine();
    if (!provider) return;
    const project = { slug: "samples", displayName: "Samples", description: "Sample pipelines to try things with." };
    const service = { slug: sample.name, displayName: sample.displayName };
    void this.run({ provider: provider.id, project, service, source: { sample: sample.name } });
  }

  /** What was said of another address holds no longer. */
  protected type(text: string): void {
    this.url.set(text);
    this.tried.set(false);
    this.steps.refused.set(new Map());
  }

  protected runRepository(event: Event): void {
    event.preventDefault();
    this.tried.set(true);
    const [provider, url] = [this.provider(), this.url().trim()];
    if (!provider || !isRepositoryAddress(url)) return;
    const displayName = repositoryName(url);
    // Names of which nothing is left, such as those in other scripts.
    const slug = slugOf(displayName) || "repository";
    const project = { slug, displayName, description: null };
    void this.run({ provider: provider.id, project, service: { slug, displayName }, source: { url } });
  }

  private async run(plan: Plan): Promise<void> {
    const running = await this.steps.run(plan);
    if (!running) return;
    const [project, service, number] = running;
    void this.router.navigate(["/projects", project, service, "builds", number]);
  }
}

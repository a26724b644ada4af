import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { RouterLink } from "@angular/router";
import type { Subscription } from "rxjs";

import { type BuildPageFragment, DeployedDocument, DeployedLiveDocument } from "../api/operations";
import { Follow } from "../core/follow";
import { Reading } from "../core/reading";
import { Status } from "../parts/status";
import { Ago } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { type Deployed, brought, shown } from "./whereabouts";

/** Where the version runs that a build has made, and where it ran; followed once it was brought anywhere. */
@Component({
  selector: "alm-deployed",
  imports: [RouterLink, Status, Ago, Trouble],
  template: `
    <alm-trouble what="Where its version runs" [reading]="reading" />
    @if (places().length > 0) {
      <ul class="deployed" aria-label="Where its version runs">
        @for (one of places(); track one.environment.id) {
          <li>
            <a [routerLink]="['/projects', build().project.slug, 'environments', one.environment.name, 'history']">{{ one.environment.displayName }}</a>
            <alm-status [status]="one.status" />
            @if (one.activatedAt ?? one.finishedAt; as at) {
              <span class="hint"><alm-ago [at]="at" /></span>
            }
          </li>
        }
      </ul>
    }
  `,
})
export class WhereDeployed {
  private readonly follow = inject(Follow);
  protected readonly reading = new Reading();
  private live: Subscription | undefined;

  /** One that is over. */
  readonly build = input.required<BuildPageFragment>();

  private readonly id = computed(() => this.build().id);
  private readonly all = signal<readonly Deployed[]>([]);
  protected readonly places = computed(() => shown(this.all()));

  constructor() {
    effect((clean) => {
      const id = this.id();
      untracked(() => {
        this.all.set([]);
        this.read(id);
      });
      clean(() => this.live?.unsubscribe());
    });
  }

  private read(id: string): void {
    this.reading.ask(DeployedDocument, { id }, "build", ({ build }) => {
      this.all.update((known) => brought(known, build?.deployments.nodes ?? [], id));
      if (this.all().length > 0 && (this.live?.closed ?? true)) this.listen(id);
    });
  }

  private listen(id: string): void {
    this.live = this.follow.events(DeployedLiveDocument, { id: this.build().project.id }, (data) => data.projectUpdates).subscribe({
      next: (event) => {
        // Something may have changed between the answer and the beginning of the stream.
        if (event.__typename === "ProjectSnapshot") this.read(id);
        else if (event.__typename === "DeploymentChanged") this.all.update((known) => brought(known, [event.deployment], id));
      },
      error: (error: unknown) => this.reading.failed(error, () => this.read(id)),
    });
  }
}

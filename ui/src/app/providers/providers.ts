import { Component, computed, inject } from "@angular/core";
import { RouterLink } from "@angular/router";

import { KINDS, health, probed } from "../parts/provider-names";
import { Ago } from "../parts/time";
import { Trouble } from "../parts/trouble";
import { Matrix } from "./matrix";
import { ProviderList } from "./provider-list";

/** Who builds: how they are, and what they can do. */
@Component({
  selector: "alm-providers",
  imports: [Ago, Matrix, RouterLink, Trouble],
  providers: [ProviderList],
  template: `
    <div class="bar">
      <h1>Providers</h1>
      @if (list.isAdmin()) {
        <a class="button" routerLink="register">Register a provider</a>
      }
    </div>
    @if (list.kinds() !== null && !list.isAdmin()) {
      <p class="hint">Administrators register providers and change them; you see which there are.</p>
    }
    <alm-trouble what="What may be registered" [reading]="list.readingKinds" />
    <alm-trouble what="The providers" [reading]="list.reading" />
    @if (list.providers(); as all) {
      @if (all.length === 0) {
        <section class="card empty">
          <h2>No providers</h2>
          <p>Nothing can be built until there is one.</p>
        </section>
      } @else {
        <div class="grid">
          @for (one of all; track one.id) {
            <section class="card" [attr.aria-labelledby]="one.id">
              <div class="bar">
                <h2 [id]="one.id"><a [routerLink]="one.slug">{{ one.displayName }}</a></h2>
                <span class="status" [attr.data-tone]="one.enabled ? health(one.health?.state).tone : 'idle'">
                  {{ one.enabled ? health(one.health?.state).mark + " " + health(one.health?.state).word : "⏸ Switched off" }}
                </span>
              </div>
              <p class="hint">
                {{ kinds[one.kind] ?? one.kind }}
                @if (one.endpoint) {
                  · {{ one.endpoint }}
                }
                @if (one.version) {
                  · {{ one.version }}
                }
              </p>
              @if (one.health?.message; as words) {
                <p [class.warning]="one.health.state !== 'HEALTHY'">{{ words }}</p>
              }
              @if (one.health; as it) {
                <p>
                  {{ it.runningBuilds }} running · {{ it.queuedBuilds }} queued
                  <span class="hint">· {{ probed(it) }}, <alm-ago [at]="it.checkedAt" /></span>
                </p>
              }
              @if (one.services.totalCount !== null) {
                <p class="hint">{{ one.services.totalCount }} {{ one.services.totalCount === 1 ? "build service" : "build services" }} that you see</p>
              }
            </section>
          }
        </div>
        <h2>What they can do</h2>
        <alm-matrix [providers]="all" />
      }
    } @else if (!list.reading.trouble()) {
      <div class="grid" role="status">
        <span class="unseen">Loading the providers…</span>
        @for (place of [1, 2]; track place) {
          <div class="skeleton"></div>
        }
      </div>
    }
  `,
})
export class Providers {
  protected readonly list = inject(ProviderList);
  protected readonly kinds = KINDS;
  protected readonly health = health;
  protected readonly probed = probed;

  constructor() {
    this.load();
  }

  protected load(): void {
    this.list.load();
    this.list.loadKinds();
  }
}

import { Component, computed, inject } from "@angular/core";
import { RouterLink } from "@angular/router";

import { Clock } from "../core/clock";
import { Viewer } from "../core/viewer";
import { relative } from "../parts/time";

/** So long before a sign-in ends it is said. */
const SOON = 10 * 60_000;

const WORDS: Record<string, string> = {
  EXPIRED: "has ended",
  REVOKED: "was withdrawn",
};

/** What will stop work soon, or does already: accounts that end, and the sign-in itself. */
@Component({
  selector: "alm-banner",
  imports: [RouterLink],
  template: `
    @for (one of said(); track one.id) {
      <p class="banner" role="status" [attr.data-tone]="one.tone">
        {{ one.text }}
        @if (one.link) {
          <a routerLink="/credentials">Connect again</a>
        }
      </p>
    }
  `,
})
export class Banner {
  private readonly clock = inject(Clock);
  private readonly viewer = inject(Viewer);

  protected readonly said = computed(() => {
    const now = this.clock.now();
    const ends = this.viewer.who()?.signedInUntil;
    const left = ends ? Date.parse(ends) - now : Infinity;
    const own = left > 0 && left < SOON ? [{ id: "", tone: "waiting", link: false, text: `Your sign-in ends ${relative(now + left, now)}.` }] : [];
    const accounts = this.viewer.connections().flatMap((one) => {
      const name = `The account at ${one.environment.displayName} (${one.environment.project.displayName})`;
      if (one.isOwnToken) return [];
      if (one.status === "EXPIRING" && one.expiresAt) {
        return [{ id: one.environment.id, tone: "waiting", link: true, text: `${name} ends ${relative(Date.parse(one.expiresAt), now)}.` }];
      }
      const word = WORDS[one.status];
      return word ? [{ id: one.environment.id, tone: "failed", link: true, text: `${name} ${word}.` }] : [];
    });
    return [...own, ...accounts.slice(0, 3)];
  });
}

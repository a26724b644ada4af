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
    @if (said().length > 0) {
      <section aria-label="What needs you">
        @for (one of said(); track one.id) {
          <p class="banner" [attr.data-tone]="one.tone">
            <span aria-hidden="true">{{ one.text }}</span>
            <span class="unseen" role="status">{{ one.told }}</span>
            @if (one.link) {
              <a routerLink="/credentials">Connect again</a>
            }
          </p>
        }
      </section>
    }
  `,
})
export class Banner {
  private readonly clock = inject(Clock);
  private readonly viewer = inject(Viewer);

  /** In words that change as time goes by, and in words that are told once. */
  protected readonly said = computed(() => {
    const now = this.clock.now();
    const ends = this.viewer.who()?.signedInUntil;
    const left = ends ? Date.parse(ends) - now : Infinity;
    const ending = (name: string, at: number) => ({ tone: "waiting", text: `${name} ends ${relative(at, now)}.`, told: `${name} ends on ${new Date(at).toLocaleString()}.` });
    const own = left > 0 && left < SOON ? [{ id: "", link: false, ...ending("Your sign-in", now + left) }] : [];
    const accounts = this.viewer.connections().flatMap((one) => {
      const name = `The account at ${one.environment.displayName} (${one.environment.project.displayName})`;
      if (one.isOwnToken) return [];
      if (one.status === "EXPIRING" && one.expiresAt) {
        return [{ id: one.environment.id, link: true, ...ending(name, Date.parse(one.expiresAt)) }];
      }
      const word = WORDS[one.status];
      const text = `${name} ${word}.`;
      return word ? [{ id: one.environment.id, tone: "failed", link: true, text, told: text }] : [];
    });
    return [...own, ...accounts.slice(0, 3)];
  });
}

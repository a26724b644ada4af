import { Component, inject, signal } from "@angular/core";

import { Session } from "../core/session";
import { type Site, type WaysIn, signInPages } from "./pages";

/** Signs in at the issuer, or by a token. */
@Component({
  selector: "alm-sign-in",
  template: `
    <section class="card narrow" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">Sign in</h1>
      @if (session.ended(); as why) {
        <p role="alert">{{ why }}</p>
      }
      @if (trouble(); as why) {
        <p role="alert" class="refused">{{ why }}</p>
      }
      @if (site(); as there) {
        <button type="button" (click)="leave(there.site)">Sign in at {{ there.host }}</button>
      }
      @if (ways()?.signIn?.state === "unavailable") {
        <p>People sign in at an issuer, but the server cannot reach it at the moment. Reload this page to try again.</p>
      }
      <details [open]="!site()">
        <summary>Use a token</summary>
        <form (submit)="signIn($event, token)">
          <label for="token">Token</label>
          <input #token id="token" type="password" autocomplete="off" spellcheck="false" required />
          <button type="submit">Use it</button>
        </form>
        <p class="hint">{{ hint() }} It is kept while these pages are open in this browser, and never sent anywhere but here.</p>
      </details>
    </section>
  `,
})
export class SignIn {
  protected readonly session = inject(Session);
  protected readonly ways = signal<WaysIn | null>(null);
  protected readonly site = signal<{ readonly site: Site; readonly host: string } | null>(null);
  protected readonly hint = signal("");
  protected readonly trouble = signal<string | null>(null);

  constructor() {
    void this.ask();
  }

  protected signIn(event: Event, input: HTMLInputElement): void {
    event.preventDefault();
    const token = input.value.trim();
    if (token) this.session.signIn(token);
  }

  protected async leave(site: Site): Promise<void> {
    try {
      await (await signInPages()).begin(site, location.pathname + location.search + location.hash);
    } catch (error) {
      this.trouble.set(error instanceof Error ? error.message : "Something went wrong. Try again.");
    }
  }

  private async ask(): Promise<void> {
    try {
      const pages = await signInPages();
      const ways = await pages.waysIn();
      this.ways.set(ways);
      this.hint.set(pages.tokenHint(ways));
      if (ways.signIn.state === "on") this.site.set({ site: ways.signIn, host: pages.hostOf(ways.signIn) });
    } catch {
      this.trouble.set("The server cannot be reached. Reload this page to try again.");
    }
  }
}

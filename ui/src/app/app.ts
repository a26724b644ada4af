import { Component, computed, inject } from "@angular/core";
import { RouterLink, RouterOutlet } from "@angular/router";

import { Session } from "./core/session";
import { Socket } from "./core/socket";
import { SignIn } from "./sign-in/sign-in";

@Component({
  selector: "alm-root",
  imports: [RouterLink, RouterOutlet, SignIn],
  template: `
    <a class="skip" href="#main">Skip to the content</a>
    <header class="shell">
      <a routerLink="/" class="brand">ALM Build Service</a>
      <nav aria-label="Main">
        <a routerLink="/">Projects</a>
        <a href="/graphiql">GraphiQL</a>
      </nav>
      @if (session.token()) {
        <span class="pill" role="status" [attr.data-state]="pill().state">{{ pill().text }}</span>
        <button type="button" class="quiet" (click)="session.signOut()">Sign out</button>
      }
    </header>
    <main id="main" tabindex="-1">
      @if (session.token()) {
        <router-outlet />
      } @else {
        <alm-sign-in />
      }
    </main>
  `,
})
export class App {
  protected readonly session = inject(Session);
  private readonly socket = inject(Socket);

  protected readonly pill = computed(() => {
    const connection = this.socket.connection();
    switch (connection.state) {
      case "live":
        return { state: "live", text: "Live" };
      case "reconnecting":
        return { state: "reconnecting", text: "Reconnecting" };
      case "offline": {
        const since = new Date(connection.since).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        return { state: "offline", text: `Offline since ${since}` };
      }
      case "idle":
        return { state: "idle", text: "" };
    }
  });
}

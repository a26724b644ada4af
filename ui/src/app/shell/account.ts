import { Component, computed, inject, output } from "@angular/core";
import { RouterLink } from "@angular/router";

import type { Theme } from "../core/kept";
import { Preferences } from "../core/preferences";
import { Session } from "../core/session";
import { Viewer } from "../core/viewer";

/** Who is signed in, how the pages look, and the way out. */
@Component({
  selector: "alm-account",
  imports: [RouterLink],
  template: `
    <button type="button" class="quiet account" popovertarget="account" [attr.aria-label]="'Account: ' + name()">
      <span class="face" aria-hidden="true">{{ name().slice(0, 1).toUpperCase() }}</span>
    </button>
    <div #menu id="account" popover class="menu">
      <p><strong>{{ name() }}</strong> @if (isAdmin()) {<span class="badge">administrator</span>}</p>
      <fieldset>
        <legend>Theme</legend>
        @for (theme of themes; track theme.value) {
          <label>
            <input type="radio" name="theme" [checked]="preferences.theme() === theme.value" (change)="preferences.theme.set(theme.value)" />
            {{ theme.text }}
          </label>
        }
      </fieldset>
      <a routerLink="/tokens" (click)="menu.hidePopover()">Personal access tokens</a>
      @if (isAdmin()) {
        <a routerLink="/audit" (click)="menu.hidePopover()">Audit</a>
      }
      <a href="/graphiql">GraphiQL</a>
      <a href="/start">For programs</a>
      <button type="button" class="plain" (click)="menu.hidePopover(); help.emit()">Keyboard shortcuts</button>
      <button type="button" class="plain" (click)="session.signOut()">Sign out</button>
    </div>
  `,
})
export class Account {
  protected readonly preferences = inject(Preferences);
  protected readonly session = inject(Session);
  private readonly viewer = inject(Viewer);

  readonly help = output();
  protected readonly name = computed(() => this.viewer.who()?.user?.displayName ?? "this server");
  protected readonly isAdmin = computed(() => this.viewer.who()?.isAdmin ?? false);
  protected readonly themes: readonly { readonly value: Theme; readonly text: string }[] = [
    { value: "system", text: "As the system" },
    { value: "light", text: "Light" },
    { value: "dark", text: "Dark" },
  ];
}

import { Component, Injector, computed, inject, viewChild } from "@angular/core";
import { NavigationEnd, Router, RouterLink, RouterLinkActive, RouterOutlet } from "@angular/router";

import { LostPage } from "./core/lost-page";
import { Session } from "./core/session";
import { shortcuts } from "./core/shortcuts";
import { Socket } from "./core/socket";
import { Tab } from "./core/tab";
import { Account } from "./shell/account";
import { Banner } from "./shell/banner";
import { Jump } from "./shell/jump";
import { SignIn } from "./sign-in/sign-in";

@Component({
  selector: "alm-root",
  imports: [Account, Banner, Jump, RouterLink, RouterLinkActive, RouterOutlet, SignIn],
  templateUrl: "./app.html",
})
export class App {
  private readonly injector = inject(Injector);
  private readonly router = inject(Router);
  private readonly socket = inject(Socket);
  protected readonly session = inject(Session);
  protected readonly lost = inject(LostPage);
  private readonly jump = viewChild(Jump);
  private path: string | null = null;

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

  constructor() {
    inject(Tab).plain();
    this.router.events.subscribe((event) => {
      if (!(event instanceof NavigationEnd)) return;
      this.lost.forget();
      this.arrive(new URL(event.urlAfterRedirects, location.origin).pathname);
    });
    shortcuts({
      "/": () => this.jump()?.focus(),
      "?": () => void this.help(),
      "g p": () => void this.router.navigate(["/"]),
      "g c": () => void this.router.navigate(["/credentials"]),
      "g v": () => void this.router.navigate(["/providers"]),
    });
  }

  /** Whoever comes to another page begins at its beginning, and hears of it; the first page has the browser's own beginning. */
  private arrive(path: string): void {
    const isAnother = this.path !== null && this.path !== path;
    this.path = path;
    if (isAnother) document.getElementById("main")?.focus({ preventScroll: true });
  }

  /** Dialogs are no part of the first download. */
  protected async help(): Promise<void> {
    const [{ Help }, { Dialogs }] = await Promise.all([import("./shell/help"), import("./parts/dialog")]);
    this.injector.get(Dialogs).open(Help, "Keyboard shortcuts", null).subscribe();
  }
}

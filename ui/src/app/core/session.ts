import { Injectable, computed, signal } from "@angular/core";

import { KEY } from "./session-key";

/** What the pages of this site that are open say to one another. */
type Said = { readonly kind: "asks" } | { readonly kind: "tells" | "signsOut"; readonly token: string };

/**
 * Who is signed in, in this tab: the bearer is in the tab's storage, and nowhere else. A tab that is opened beside others asks them, so
 * that a link can be opened in a new one; signing out in one of them signs all of them out.
 */
@Injectable({ providedIn: "root" })
export class Session {
  private readonly tabs = new BroadcastChannel("alm.session");
  readonly token = signal(arrived() ?? sessionStorage.getItem(KEY));
  /** Why somebody has to sign in again; null where nobody was signed in. */
  readonly ended = signal<string | null>(null);
  private readonly hasWorked = signal(false);
  private waiting: (() => void)[] = [];
  /** Whether nobody has signed in or out here yet. */
  private asks = this.token() === null;

  constructor() {
    this.tabs.onmessage = ({ data }: MessageEvent<Said>) => this.heard(data);
    if (this.asks) this.say({ kind: "asks" });
  }

  /** Whether there are pages to show: also while somebody whose sign-in has ended signs in again, so that nothing is lost by it. */
  readonly isHere = computed(() => this.token() !== null || (this.ended() !== null && this.hasWorked()));

  signIn(token: string): void {
    this.asks = false;
    sessionStorage.setItem(KEY, token);
    this.ended.set(null);
    this.token.set(token);
    const all = this.waiting;
    this.waiting = [];
    all.forEach((go) => go());
  }

  /** Wanted: nothing of it is left. */
  signOut(): void {
    const token = this.token();
    if (token) this.say({ kind: "signsOut", token });
    this.forget();
  }

  /** The server does not take this token, or not any more; it may say so more than once, and after somebody has signed in again. */
  refused(token: string | null): void {
    if (token && token === this.token()) this.end(this.hasWorked() ? "Your sign-in has ended: sign in again." : "This token is not valid.");
  }

  private say(said: Said): void {
    this.tabs.postMessage(said);
  }

  private heard(said: Said): void {
    const token = this.token();
    switch (said.kind) {
      case "asks":
        // One that the server has not taken yet helps nobody.
        if (token && this.hasWorked()) this.say({ kind: "tells", token });
        break;
      case "tells":
        if (this.asks) this.signIn(said.token);
        break;
      case "signsOut":
        if (token === said.token) this.forget();
    }
  }

  private forget(): void {
    this.end(null);
    this.hasWorked.set(false);
  }

  private end(why: string | null): void {
    sessionStorage.removeItem(KEY);
    this.ended.set(why);
    this.token.set(null);
  }

  /** The server has taken the token. */
  worked(): void {
    this.hasWorked.set(true);
  }

  /** Calls once when somebody is signed in: now, or when that has been done. What it gives back calls it off. */
  whenSignedIn(go: () => void): () => void {
    if (this.token()) {
      go();
      return () => undefined;
    }
    this.waiting.push(go);
    return () => {
      this.waiting = this.waiting.filter((one) => one !== go);
    };
  }
}

/** The token behind the `#`, which browsers do not send. It leaves the address and the history at once. */
function arrived(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    sessionStorage.setItem(KEY, token);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token;
}

import { Injectable, computed, signal } from "@angular/core";

import { KEY } from "./session-key";

/** Who is signed in, in this tab: the bearer is in the tab's storage, and nowhere else. */
@Injectable({ providedIn: "root" })
export class Session {
  readonly token = signal(arrived() ?? sessionStorage.getItem(KEY));
  /** Why somebody has to sign in again; null where nobody was signed in. */
  readonly ended = signal<string | null>(null);
  private readonly hasWorked = signal(false);
  private waiting: (() => void)[] = [];

  /** Whether there are pages to show: also while somebody whose sign-in has ended signs in again, so that nothing is lost by it. */
  readonly isHere = computed(() => this.token() !== null || (this.ended() !== null && this.hasWorked()));

  signIn(token: string): void {
    sessionStorage.setItem(KEY, token);
    this.ended.set(null);
    this.token.set(token);
    const all = this.waiting;
    this.waiting = [];
    all.forEach((go) => go());
  }

  /** Wanted: nothing of it is left. */
  signOut(): void {
    this.end(null);
    this.hasWorked.set(false);
  }

  /** The server does not take this token, or not any more; it may say so more than once, and after somebody has signed in again. */
  refused(token: string | null): void {
    if (token && token === this.token()) this.end(this.hasWorked() ? "Your sign-in has ended: sign in again." : "This token is not valid.");
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

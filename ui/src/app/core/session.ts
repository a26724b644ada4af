import { Injectable, signal } from "@angular/core";

const KEY = "alm.token";

/** Who is signed in, in this tab: the bearer is in the tab's storage, and nowhere else. */
@Injectable({ providedIn: "root" })
export class Session {
  readonly token = signal(arrived() ?? sessionStorage.getItem(KEY));
  /** Why somebody has to sign in again; null where nobody was signed in. */
  readonly ended = signal<string | null>(null);

  signIn(token: string): void {
    sessionStorage.setItem(KEY, token);
    this.ended.set(null);
    this.token.set(token);
  }

  signOut(why: string | null = null): void {
    sessionStorage.removeItem(KEY);
    this.ended.set(why);
    this.token.set(null);
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

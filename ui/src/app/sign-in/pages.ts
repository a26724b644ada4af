/** How people get a token here, as the server says. */
export interface WaysIn {
  readonly ownToken: boolean;
  readonly cluster: boolean;
  readonly signIn: { readonly state: "off" | "unavailable" } | (Site & { readonly state: "on" });
}

/** The issuer at which people sign in. */
export interface Site {
  readonly authorizationEndpoint: string;
}

/** What the start page uses too, and the server has beside it: signing in is written once. */
export interface SignInPages {
  waysIn(): Promise<WaysIn>;
  tokenHint(ways: WaysIn): string;
  hostOf(site: Site): string;
  begin(site: Site, returnTo: string): Promise<void>;
}

/** Loaded from the server, and not a part of this bundle. */
export function signInPages(): Promise<SignInPages> {
  // @ts-expect-error It is there when the page runs, not when it is compiled.
  return import("/start/sign-in.js") as Promise<SignInPages>;
}

// Signing in at the issuer by authorization code and PKCE, as a public client.
import * as session from "./session.js";

// What has been begun in this tab: what the answer has to bring along, and where to go on then.
const BEGUN = "alm.sign-in";
/** How far the clocks of the issuer and of the server may be apart, in seconds. */
const APART = 30;

/** What went wrong, in words for people. */
export class Problem extends Error {
  /** Where to go on when it is done again. */
  constructor(message, returnTo = "/") {
    super(message);
    this.returnTo = returnTo;
  }
}

/** How people get a token here: `{ ownToken, cluster, signIn: { state: "off" | "unavailable" | "on", … } }`. */
export async function waysIn() {
  const reply = await fetch("/sign-in/ways");
  if (!reply.ok) throw new Problem(`The server answered with ${reply.status}.`);
  return reply.json();
}

/** What the token of somebody who does not sign in at the issuer is, in words. */
export function tokenHint({ ownToken, cluster }) {
  if (ownToken) return "The server prints it, in the address …/#token=…, each time it starts. A personal access token opens too.";
  return cluster ? "Your token at the cluster (oc whoami --show-token), or a personal access token." : "A personal access token.";
}

/** What the issuer is called on a page. */
export const hostOf = (site) => new URL(site.authorizationEndpoint).host;

/** Leaves for the issuer. Whoever has signed in there comes back to `returnTo`, a path of ours. */
export async function begin(site, returnTo) {
  const home = new URL(site.redirectUri).origin;
  if (home !== location.origin) throw new Problem(`People sign in at ${home}: open that address.`, returnTo);
  if (!crypto.subtle) throw new Problem("Browsers sign in over https only (or at this machine's own address).", returnTo);
  const [state, nonce, verifier] = [unguessable(), unguessable(), unguessable()];
  const challenge = encoded(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  sessionStorage.setItem(BEGUN, JSON.stringify({ state, nonce, verifier, returnTo }));
  const url = new URL(site.authorizationEndpoint);
  const parameters = {
    response_type: "code", client_id: site.clientId, redirect_uri: site.redirectUri, scope: site.scope, state, nonce,
    code_challenge: challenge, code_challenge_method: "S256", ...audience(site),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  location.assign(url);
}

/** Takes the issuer's answer, and gives the path to go on at; the token is the tab's then. Whatever was begun is used up. */
export async function finish(answer) {
  const begun = JSON.parse(sessionStorage.getItem(BEGUN) ?? "null");
  sessionStorage.removeItem(BEGUN);
  if (!begun || answer.get("state") !== begun.state) {
    throw new Problem("This answer belongs to no sign-in that was begun in this tab. Somebody else may have sent you here.");
  }
  const fail = (message) => {
    throw new Problem(message, begun.returnTo);
  };
  const { signIn: site } = await waysIn().catch(() => fail("The server cannot be reached."));
  if (site.state !== "on") fail("The server cannot reach the issuer at the moment.");
  const iss = answer.get("iss");
  if (iss === null ? site.namesIssuer : iss !== site.issuer) fail("Another issuer has answered than the one that was asked.");
  if (answer.has("error")) fail(refusal(answer.get("error")));
  if (!answer.get("code")) fail("The issuer has sent no code.");
  const reply = await redeem(site, answer.get("code"), begun.verifier).catch(fail);
  if (reply.id_token && session.claims(reply.id_token)?.nonce !== begun.nonce) {
    fail("The issuer has answered another sign-in than this one.");
  }
  const token = [reply.access_token, reply.id_token].find((token) => isFor(token, site.audience));
  if (!token) {
    fail(`The issuer gave no token for this server. The administrator has to let it put ${site.audience} into the tokens' audience.`);
  }
  const { problem, refused, serverTime } = await session.check(token);
  if (problem) fail(refused ? refusedBecause(token, serverTime) : problem);
  session.keep(token);
  return begun.returnTo;
}

/** Forgets all of this tab. */
export function signOut() {
  session.forget();
  sessionStorage.removeItem(BEGUN);
}

/** Where one signs out of the issuer too; none if there is no such place. */
export function signOutOfIssuer(site) {
  if (!site.endSessionEndpoint) return undefined;
  const url = new URL(site.endSessionEndpoint);
  url.searchParams.set("client_id", site.clientId);
  return url.href;
}

async function redeem(site, code, verifier) {
  const form = new URLSearchParams({
    grant_type: "authorization_code", code, redirect_uri: site.redirectUri, client_id: site.clientId, code_verifier: verifier,
    ...audience(site),
  });
  let reply;
  try {
    // By no cookie and no redirect: what is told here is for this address alone.
    reply = await fetch(site.tokenEndpoint, { method: "POST", body: form, credentials: "omit", redirect: "error" });
  } catch {
    throw `${new URL(site.tokenEndpoint).host} cannot be reached, or does not let pages of ${location.origin} ask for tokens.`;
  }
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw refusal(answer.error);
  return answer;
}

const audience = (site) => (site.audienceParameter ? { [site.audienceParameter]: site.audience } : {});

const isFor = (token, audience) => typeof token === "string" && [session.claims(token)?.aud].flat().includes(audience);

// Only the names that OAuth has for errors are shown: anything else could be put into the address by anybody.
function refusal(error) {
  if (error === "access_denied") return "The sign-in was denied.";
  return `The issuer refused the sign-in (${/^[a-z_]{1,40}$/.test(error) ? error : "unknown error"}).`;
}

// The token has been made a moment ago, so that its time and the server's should be the same.
function refusedBecause(token, serverTime) {
  const apart = Math.round(session.claims(token).iat - serverTime / 1000);
  if (Math.abs(apart) > APART) {
    return `The clock of the issuer is ${Math.abs(apart)} seconds ${apart > 0 ? "ahead of" : "behind"} this server's, so that ` +
      "its tokens are not valid here. The administrator has to set the clocks.";
  }
  return "The issuer knows you, but you may not sign in here. Ask the administrator.";
}

const unguessable = () => encoded(crypto.getRandomValues(new Uint8Array(32)));

const encoded = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

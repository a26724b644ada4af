import * as session from "./session.js";
import { begin, hostOf, signOut, signOutOfIssuer, tokenHint, waysIn } from "./sign-in.js";

const byId = (id) => document.getElementById(id);

function show(message, signedIn) {
  byId("state").textContent = message;
  byId("signed-out").hidden = signedIn;
  byId("sign-out").hidden = !signedIn;
}

async function check() {
  const token = session.read();
  if (!token) return show("You are not signed in.", false);
  const { name, problem, refused } = await session.check(token);
  if (!problem) return show(`You are signed in${name ? ` as ${name}` : ""}, in this tab.`, true);
  if (refused) session.forget();
  show(problem, !refused);
}

/** Shows how people get a token here. */
function offer(ways) {
  const site = ways.signIn;
  byId("token-hint").textContent = tokenHint(ways);
  byId("by-token").open = site.state !== "on";
  if (site.state === "unavailable") {
    byId("still").textContent = "People sign in at an issuer, but the server cannot reach it at the moment. Reload this page to try again.";
    byId("still").hidden = false;
  }
  if (site.state !== "on") return;
  byId("sign-in").textContent = `Sign in at ${hostOf(site)}`;
  byId("sign-in").hidden = false;
  byId("sign-in").addEventListener("click", () => begin(site, location.pathname).catch(({ message }) => show(message, false)));
}

/** Says that the issuer may still know whoever has signed out here. */
function tellOf(site) {
  if (site.state !== "on") return;
  const place = signOutOfIssuer(site);
  const link = Object.assign(document.createElement("a"), { href: place, textContent: "sign out there too" });
  byId("still").replaceChildren(`You may still be signed in at ${hostOf(site)}`, ...(place ? [": ", link] : []), ".");
  byId("still").hidden = false;
}

session.takeFromAddress();
const ways = waysIn();
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  session.keep(byId("token").value.trim());
  byId("token").value = "";
  void check();
});
byId("sign-out").addEventListener("click", async () => {
  const bySignIn = Boolean(session.claims(session.read()));
  signOut();
  await check();
  if (bySignIn) ways.then(({ signIn }) => tellOf(signIn), () => {});
});
byId("example").textContent = `curl ${location.origin}/graphql -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{"query":"{ __typename }"}'`;
void check();
ways.then(offer, () => show("The server cannot be reached. Reload this page to try again.", true));

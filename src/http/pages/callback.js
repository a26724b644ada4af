// Code and state leave the address and the history at once, before anything else is loaded or shown.
const answer = new URLSearchParams(location.search);
history.replaceState(null, "", location.pathname);

const KEY = "alm.token";
const COMPLETE = `mutation($input: CompleteOAuthConnectionInput!) { completeOAuthConnection(input: $input) {
  returnTo connection { status } userErrors { message } } }`;

function show(message, to) {
  document.getElementById("state").textContent = message;
  document.getElementById("link").href = to ?? "/";
  document.getElementById("go-on").hidden = false;
}

async function complete() {
  const token = sessionStorage.getItem(KEY);
  const code = answer.get("code");
  const state = answer.get("state");
  // Only the names that OAuth has for errors are shown: anything else could be put into the address by anybody.
  const error = answer.get("error");
  if (error) return show(`The account was not connected (${/^[a-z_]{1,40}$/.test(error) ? error : "unknown error"}).`);
  if (!code || !state) return show("This address holds no answer of an OAuth server. Begin again.");
  if (!token) return show("You are not signed in, in this tab. Sign in, then connect the account again.");
  document.getElementById("state").textContent = "One moment…";
  try {
    const input = { code, state, iss: answer.get("iss") };
    const reply = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: COMPLETE, variables: { input } }),
    });
    const body = await reply.json();
    const payload = body.data?.completeOAuthConnection;
    const problem = body.errors?.[0]?.message ?? payload?.userErrors?.[0]?.message;
    if (problem) return show(`The account was not connected: ${problem}.`);
    location.replace(payload.returnTo);
  } catch {
    show("The server cannot be reached. Begin again.");
  }
}

addEventListener("DOMContentLoaded", () => void complete());

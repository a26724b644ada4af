// The token arrives behind the `#`, which browsers do not send; from there it goes to this tab's storage and leaves the
// address and the history.
const KEY = "alm.token";
const byId = (id) => document.getElementById(id);

const arrived = new URLSearchParams(location.hash.slice(1)).get("token");
if (arrived) {
  sessionStorage.setItem(KEY, arrived);
  history.replaceState(null, "", location.pathname);
}

function show(message, signedIn) {
  byId("state").textContent = message;
  byId("sign-in").hidden = signedIn;
  byId("sign-out").hidden = !signedIn;
}

async function check() {
  const token = sessionStorage.getItem(KEY);
  if (!token) return show("You are not signed in.", false);
  try {
    const reply = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    if (reply.ok) return show("You are signed in, in this tab.", true);
    if (reply.status !== 401) return show(`The server answered with ${reply.status}. Reload this page to try again.`, true);
    sessionStorage.removeItem(KEY);
    show("This token is not valid. Use the one that the server printed when it started.", false);
  } catch {
    show("The server cannot be reached. Reload this page to try again.", true);
  }
}

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId("token").value.trim());
  byId("token").value = "";
  void check();
});
byId("sign-out").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  void check();
});
byId("example").textContent = `curl ${location.origin}/graphql -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{"query":"{ __typename }"}'`;
void check();

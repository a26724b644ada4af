// The token of this tab. It arrives behind the `#`, which browsers do not send; from there it goes to this tab's storage and
// leaves the address and the history.
const KEY = "alm.token";

export const read = () => sessionStorage.getItem(KEY) ?? "";
export const keep = (token) => sessionStorage.setItem(KEY, token);
export const forget = () => sessionStorage.removeItem(KEY);

export function takeFromAddress() {
  const arrived = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!arrived) return;
  keep(arrived);
  history.replaceState(null, "", location.pathname + location.search);
}

/** What is wrong with a token; nothing if it opens. */
export async function problemWith(token) {
  try {
    const reply = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    if (reply.ok) return undefined;
    if (reply.status === 401) return "This token is not valid. Use the one that the server printed when it started.";
    return `The server answered with ${reply.status}.`;
  } catch {
    return "The server cannot be reached.";
  }
}

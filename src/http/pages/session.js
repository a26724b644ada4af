// The token of this tab. It stays in the tab's own storage: no other tab, no cookie and no address has it.
const KEY = "alm.token";

export const read = () => sessionStorage.getItem(KEY) ?? "";
export const keep = (token) => sessionStorage.setItem(KEY, token);
export const forget = () => sessionStorage.removeItem(KEY);

/** Takes the token that has arrived behind the `#`, which browsers do not send; it leaves the address and the history. */
export function takeFromAddress() {
  const arrived = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!arrived) return;
  keep(arrived);
  history.replaceState(null, "", location.pathname + location.search);
}

/** What a signed token says. It is not checked here: the server does that. */
export function claims(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0))));
  } catch {
    return undefined;
  }
}

/**
 * What a token opens: `{ name }` of whom it stands for, where that is told. Otherwise `problem` says why it opens nothing; `refused`
 * if it is the token's fault, and then `serverTime` is what the server's clock showed.
 */
export async function check(token) {
  let reply;
  try {
    reply = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: "{ viewer { user { displayName } } }" }),
    });
  } catch {
    return { problem: "The server cannot be reached." };
  }
  // A server that takes only documents that it knows says so (400) after it has looked at the token.
  if (reply.ok || reply.status === 400) {
    const { data } = await reply.json().catch(() => ({}));
    return { name: data?.viewer?.user?.displayName };
  }
  if (reply.status !== 401) return { problem: `The server answered with ${reply.status}. Try again soon.` };
  const problem = claims(token) ? "Your sign-in has ended." : "This token is not valid.";
  return { problem, refused: true, serverTime: Date.parse(reply.headers.get("date")) };
}

import { useState } from "react";
import * as token from "./token.js";

/** Asks for the token, and says what is wrong with a wrong one. */
export function SignIn({ onSignedIn }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event) {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("token").trim();
    setBusy(true);
    const found = await token.problemWith(given);
    setBusy(false);
    if (found) return setProblem(found);
    token.keep(given);
    onSignedIn();
  }

  return (
    <main className="alm-sign-in">
      <h1>Sign in to GraphiQL</h1>
      <form onSubmit={submit}>
        <label htmlFor="token">Token</label>
        <input id="token" name="token" type="password" autoComplete="off" spellCheck={false} required autoFocus />
        <button type="submit" disabled={busy}>Sign in</button>
        <p role="alert">{problem}</p>
      </form>
      <p>
        The server prints the token, in the address <code>…/#token=…</code>, each time it starts. It is kept for this tab only.
      </p>
    </main>
  );
}

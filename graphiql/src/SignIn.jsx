import { useEffect, useState } from "react";
import * as session from "/start/session.js";
import { begin, hostOf, signOutOfIssuer, tokenHint, waysIn } from "/start/sign-in.js";

/** Where to come back to. */
export const here = () => location.pathname + location.search;

/** Signs in at the issuer, or by a token, and says what is wrong with a wrong one. `left`: whoever signed out had come from the issuer. */
export function SignIn({ left, onSignedIn }) {
  const [ways, setWays] = useState();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    waysIn().then(setWays, () => setProblem("The server cannot be reached. Reload this page to try again."));
  }, []);

  async function submit(event) {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("token").trim();
    setBusy(true);
    const found = await session.check(given);
    setBusy(false);
    if (found.problem) return setProblem(found.problem);
    session.keep(given);
    onSignedIn();
  }

  const site = ways?.signIn;
  const isOn = site?.state === "on";
  return (
    <main className="alm-sign-in">
      <h1>Sign in to GraphiQL</h1>
      {isOn && (
        <button className="alm-main" type="button" onClick={() => begin(site, here()).catch(({ message }) => setProblem(message))}>
          Sign in at {hostOf(site)}
        </button>
      )}
      {site?.state === "unavailable" && (
        <p>People sign in at an issuer, but the server cannot reach it at the moment. Reload this page to try again.</p>
      )}
      <p role="alert">{problem}</p>
      {isOn && left && <Left site={site} />}
      {ways && (
        <details open={!isOn}>
          <summary>Use a token</summary>
          <form onSubmit={submit}>
            <label htmlFor="token">Token</label>
            <input id="token" name="token" type="password" autoComplete="off" spellCheck={false} required autoFocus={!isOn} />
            <button type="submit" disabled={busy}>Use it</button>
          </form>
          <p className="alm-hint">{tokenHint(ways)} It is kept for this tab only, and never sent anywhere but here.</p>
        </details>
      )}
      <p><a href="/start">Start page</a></p>
    </main>
  );
}

/** The issuer may still know whoever has signed out here. */
function Left({ site }) {
  const place = signOutOfIssuer(site);
  return (
    <p className="alm-hint">
      You may still be signed in at {hostOf(site)}
      {place && <>: <a href={place}>sign out there too</a></>}.
    </p>
  );
}

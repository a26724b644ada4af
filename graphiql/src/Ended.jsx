import { useState } from "react";
import { begin, waysIn } from "/start/sign-in.js";
import { here } from "./SignIn.jsx";

/** Says that the token is not taken any more, while all that was asked and answered stays on the page. */
export function Ended({ onByToken }) {
  const [problem, setProblem] = useState("");

  async function again() {
    try {
      const { signIn: site } = await waysIn();
      if (site.state === "on") await begin(site, here());
      else onByToken();
    } catch ({ message }) {
      setProblem(message);
    }
  }

  return (
    <div className="alm-ended" role="alert">
      Your sign-in has ended. <button type="button" onClick={again}>Sign in again</button> {problem}
    </div>
  );
}

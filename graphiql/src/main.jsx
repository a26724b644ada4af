import "./workers.js";
import "graphiql/style.css";
import "./main.css";
import { GraphiQL } from "graphiql";
import { useCallback, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import * as session from "/start/session.js";
import { signOut } from "/start/sign-in.js";
import { Ended } from "./Ended.jsx";
import { SignIn } from "./SignIn.jsx";
import { examples } from "./examples.js";
import { createFetcher } from "./fetcher.js";

function App() {
  const [signedIn, setSignedIn] = useState(() => session.read() !== "");
  const [ended, setEnded] = useState(false);
  const [left, setLeft] = useState(false);
  const fetcher = useMemo(() => createFetcher(() => setEnded(true)), []);
  const leave = useCallback(() => {
    setLeft(Boolean(session.claims(session.read())));
    signOut();
    setEnded(false);
    setSignedIn(false);
  }, []);

  if (!signedIn) return <SignIn left={left} onSignedIn={() => setSignedIn(true)} />;
  return (
    <>
      {ended && <Ended onByToken={leave} />}
      <GraphiQL fetcher={fetcher} defaultTabs={examples} isHeadersEditorEnabled={false} defaultEditorToolsVisibility="variables">
        <GraphiQL.Logo>
          <a className="alm-logo" href="/">ALM Build Service</a>
          <button className="alm-sign-out" type="button" onClick={leave}>Sign out</button>
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

session.takeFromAddress();
createRoot(document.getElementById("root")).render(<App />);

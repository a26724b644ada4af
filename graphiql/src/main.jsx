import "./workers.js";
import "graphiql/style.css";
import "./main.css";
import { GraphiQL } from "graphiql";
import { useCallback, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { SignIn } from "./SignIn.jsx";
import { examples } from "./examples.js";
import { createFetcher } from "./fetcher.js";
import * as token from "./token.js";

function App() {
  const [signedIn, setSignedIn] = useState(() => token.read() !== "");
  const signOut = useCallback(() => {
    token.forget();
    setSignedIn(false);
  }, []);
  const fetcher = useMemo(() => createFetcher(signOut), [signOut]);

  if (!signedIn) return <SignIn onSignedIn={() => setSignedIn(true)} />;
  return (
    <GraphiQL fetcher={fetcher} defaultTabs={examples} isHeadersEditorEnabled={false} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <a className="alm-logo" href="/">ALM Build Service</a>
        <button className="alm-sign-out" type="button" onClick={signOut}>Sign out</button>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

token.takeFromAddress();
createRoot(document.getElementById("root")).render(<App />);

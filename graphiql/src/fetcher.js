// How GraphiQL asks: queries and mutations over HTTP, subscriptions over graphql-transport-ws, both with the token of the tab.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import * as token from "./token.js";

const FORBIDDEN = 4403;

/** `onSignedOut` is called when the server does not take the token (any more). */
export function createFetcher(onSignedOut) {
  const wsClient = createClient({
    url: `${location.origin.replace(/^http/, "ws")}/graphql`,
    connectionParams: () => ({ token: token.read() }),
    keepAlive: 20_000,
    retryAttempts: 20,
    on: { closed: (event) => event?.code === FORBIDDEN && onSignedOut() },
  });
  return createGraphiQLFetcher({
    url: "/graphql",
    wsClient,
    fetch: async (url, options) => {
      const headers = new Headers(options?.headers);
      headers.set("authorization", `Bearer ${token.read()}`);
      const reply = await fetch(url, { ...options, headers });
      if (reply.status === 401) onSignedOut();
      return reply;
    },
  });
}

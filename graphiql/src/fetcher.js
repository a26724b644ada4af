// How GraphiQL asks: queries and mutations over HTTP, subscriptions over graphql-transport-ws, both with the token of the tab.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import * as session from "/start/session.js";

const FORBIDDEN = 4403;

/** `onRefused` is called when the server does not take the token (any more). */
export function createFetcher(onRefused) {
  let refused = false;
  const wsClient = createClient({
    url: `${location.origin.replace(/^http/, "ws")}/graphql`,
    connectionParams: () => ({ token: session.read() }),
    keepAlive: 20_000,
    retryAttempts: 20,
    shouldRetry: (event) => Boolean(event?.code) && !refused,
    on: {
      // A socket is closed so as well when the rights behind a good token have changed.
      closed: async (event) => {
        if (event?.code !== FORBIDDEN) return;
        refused = Boolean((await session.check(session.read())).refused);
        if (refused) onRefused();
      },
    },
  });
  return createGraphiQLFetcher({
    url: "/graphql",
    wsClient,
    fetch: async (url, options) => {
      const headers = new Headers(options?.headers);
      headers.set("authorization", `Bearer ${session.read()}`);
      const reply = await fetch(url, { ...options, headers });
      if (reply.status === 401) onRefused();
      return reply;
    },
  });
}

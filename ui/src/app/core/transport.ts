import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";

import type { Session } from "./session";
import type { Socket } from "./socket";

/** Queries and mutations by HTTP, streams by the websocket; both with the bearer of this tab. */
export function options(session: Session, socket: Socket): ApolloClient.Options {
  const { documents } = socket;
  const bearer = new SetContextLink(() => {
    const token = session.token();
    return token ? { headers: { authorization: `Bearer ${token}` } } : {};
  });
  // The status is looked at here: a refusal may come as a GraphQL reply too.
  const asked: typeof fetch = async (input, init) => {
    const token = session.token();
    const body = typeof init?.body === "string" ? JSON.stringify(documents.named(JSON.parse(init.body))) : init?.body;
    const reply = await fetch(input, body === undefined ? init : { ...init, body });
    if (reply.status === 401) session.refused(token);
    else if (reply.ok) session.worked();
    return reply;
  };
  return {
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      documents.again,
      ApolloLink.split(
        ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
        new GraphQLWsLink(socket.client),
        ApolloLink.from([bearer, new HttpLink({ uri: "/graphql", fetch: asked })]),
      ),
    ]),
    defaultOptions: { query: { fetchPolicy: "no-cache" }, mutate: { fetchPolicy: "no-cache" } },
  };
}

import { ApolloClient, ApolloLink, HttpLink } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";

import { taken } from "./ahead";
import { NoCache } from "./no-cache";
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
    const question = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    const body = question === undefined ? init?.body : JSON.stringify(documents.named(question));
    const reply = await (taken(token, question ?? {}) ?? fetch(input, body === undefined ? init : { ...init, body }));
    if (reply.status === 401) session.refused(token);
    else if (reply.ok) session.worked();
    return reply;
  };
  return {
    cache: new NoCache(),
    link: ApolloLink.from([
      documents.again,
      ApolloLink.split(
        ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
        new GraphQLWsLink(socket.client),
        // Which variables a document uses is not known here.
        ApolloLink.from([bearer, new HttpLink({ uri: "/graphql", fetch: asked, includeUnusedVariables: true })]),
      ),
    ]),
    defaultOptions: { query: { fetchPolicy: "no-cache" }, mutate: { fetchPolicy: "no-cache" } },
  };
}

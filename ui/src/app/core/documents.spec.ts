import { ApolloClient, ApolloLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { Observable } from "rxjs";
import { describe, expect, it } from "vitest";

import { Documents } from "./documents";

const sent = { operationName: "StartBuild", query: "mutation StartBuild { x }", variables: { a: 1 } };

describe("documents", () => {
  it("are sent by their hashes, and those that are not known of by their texts", () => {
    const documents = new Documents();
    const named = documents.named(sent);
    expect(named).toMatchObject({ operationName: "StartBuild", variables: { a: 1 } });
    expect(named).not.toHaveProperty("query");
    expect(named.documentId).toMatch(/^sha256:[0-9a-f]{64}$/);
    const own = { ...sent, operationName: "Another" };
    expect(documents.named(own)).toEqual(own);
  });

  it("are asked again by their texts where the server is of another version, once and for all", async () => {
    const documents = new Documents();
    const asked: string[] = [];
    const server = new ApolloLink(() => {
      const isNamed = documents.named(sent).documentId !== undefined;
      asked.push(isNamed ? "hash" : "text");
      return new Observable((told) => {
        const unknown = { message: "unknown", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } };
        told.next(isNamed ? { data: null, errors: [unknown] } : { data: { x: 1 } });
        told.complete();
      });
    });
    const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([documents.again, server]) });
    const ask = () => client.query({ query: gql`query StartBuild { x }`, fetchPolicy: "no-cache" });
    expect((await ask()).data).toEqual({ x: 1 });
    expect((await ask()).data).toEqual({ x: 1 });
    expect(asked).toEqual(["hash", "text", "text"]);
  });

  it("leave every other refusal to whoever asked", async () => {
    const documents = new Documents();
    const refusal = { message: "no", extensions: { code: "FORBIDDEN" } };
    const server = new ApolloLink(() => new Observable((told) => (told.next({ errors: [refusal] }), told.complete())));
    const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([documents.again, server]) });
    await expect(client.query({ query: gql`query StartBuild { x }`, fetchPolicy: "no-cache" })).rejects.toSatisfy((error) =>
      CombinedGraphQLErrors.is(error),
    );
    expect(documents.named(sent)).toHaveProperty("documentId");
  });
});

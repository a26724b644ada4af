import { createHash } from "node:crypto";

import { ApolloClient, ApolloLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { parse } from "graphql";
import { Observable } from "rxjs";
import { describe, expect, it } from "vitest";

import { HASHES } from "../api/hashes";
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
      const { documentId, query } = documents.named(sent);
      const isNamed = documentId !== undefined;
      asked.push(isNamed ? "hash" : hash(query ?? "") === HASHES["StartBuild"] ? "text" : "something else");
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

  it("have the hashes of their whole texts, which are documents", () => {
    const documents = new Documents();
    forgotten(documents);
    for (const [operationName, known] of Object.entries(HASHES)) {
      const { query = "" } = documents.named({ operationName, query: "" });
      expect(hash(query), operationName).toBe(known);
      expect(parse(query).definitions.length, operationName).toBeGreaterThan(0);
    }
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

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A server has said that it does not know a hash. */
function forgotten(documents: Documents): void {
  const unknown = { message: "unknown", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } };
  const server = new ApolloLink(() => new Observable((told) => (told.next({ errors: [unknown] }), told.complete())));
  const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([documents.again, server]) });
  client.query({ query: gql`query StartBuild { x }`, fetchPolicy: "no-cache" }).catch(() => undefined);
}

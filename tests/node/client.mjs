// The reference client of graphql-transport-ws (npm graphql-ws) against ADDRESS with TOKEN.
import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { collector, everyKindAtOnce, leftStream } from "./stories.mjs";

const [address, token] = process.argv.slice(2);
const url = `${address.replace("http", "ws")}/graphql`;
const connect = (more = {}) =>
  createClient({ url, webSocketImpl: WebSocket, connectionParams: { token }, lazy: true, retryAttempts: 0, ...more });

const client = connect({ keepAlive: 50 });
const collect = collector(client);

// A query, a mutation and a stream over one socket, at the same time.
await everyKindAtOnce(collect);
await leftStream(client);

// A document that does not fit is an error of that operation only.
await assert.rejects(collect("subscription { nothing }"), (errors) => errors[0].extensions.code === "GRAPHQL_VALIDATION_FAILED");
await client.dispose();

// A wrong token: closed as forbidden, which this client does not try again.
const closed = await new Promise((resolve) => {
  const stranger = connect({ connectionParams: { token: "wrong" }, on: { closed: resolve } });
  stranger.subscribe({ query: "{ hello }" }, { next() {}, error() {}, complete() {} });
});
assert.equal(closed.code, 4403);
console.log("content");

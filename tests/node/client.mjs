// The reference client of graphql-transport-ws (npm graphql-ws) against ADDRESS with TOKEN.
import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [address, token] = process.argv.slice(2);
const url = `${address.replace("http", "ws")}/graphql`;
const connect = (more = {}) =>
  createClient({ url, webSocketImpl: WebSocket, connectionParams: { token }, lazy: true, retryAttempts: 0, ...more });

const client = connect({ keepAlive: 50 });
const collect = async (query, variables) => {
  const events = [];
  for await (const { data, errors } of client.iterate({ query, variables })) events.push(errors ?? data);
  return events;
};

// A query, a mutation and a stream over one socket, at the same time.
const [query, mutation, events] = await Promise.all([
  collect("{ hello }"),
  collect("mutation { add(by: 3) }"),
  collect("subscription ($to: Int!) { count(to: $to) }", { to: 500 }),
]);
assert.deepEqual(query, [{ hello: "Hello, world" }]);
assert.deepEqual(mutation, [{ add: 3 }]);
assert.deepEqual(events.map(({ count }) => count), Array.from({ length: 500 }, (_, n) => n + 1));

// A stream that the client leaves.
const ticks = client.iterate({ query: "subscription { ticks(pause: 10) }" });
assert.deepEqual((await ticks.next()).value.data, { ticks: 1 });
await ticks.return();

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

// The reference client of server-sent events (npm graphql-sse) against ADDRESS with TOKEN.
import assert from "node:assert/strict";
import { createClient } from "graphql-sse";

const [address, token] = process.argv.slice(2);
const connect = (more = {}) =>
  createClient({ url: `${address}/graphql`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0, ...more });

const client = connect();
const collect = async (query, variables) => {
  const events = [];
  for await (const { data, errors } of client.iterate({ query, variables })) events.push(errors ?? data);
  return events;
};

// A query, a mutation and a stream at the same time, each over a connection of its own.
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

// A document that does not fit is told in the stream.
const [refused] = await collect("subscription { nothing }");
assert.equal(refused[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
client.dispose();

// A wrong token is refused by the status.
const stranger = connect({ headers: { authorization: "Bearer wrong" } });
await assert.rejects(stranger.iterate({ query: "{ hello }" }).next(), ({ response }) => response.status === 401);
console.log("content");

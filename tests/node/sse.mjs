// The reference client of server-sent events (npm graphql-sse) against ADDRESS with TOKEN.
import assert from "node:assert/strict";
import { createClient } from "graphql-sse";
import { collector, everyKindAtOnce, leftStream } from "./stories.mjs";

const [address, token] = process.argv.slice(2);
const connect = (more = {}) =>
  createClient({ url: `${address}/graphql`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0, ...more });

const client = connect();
const collect = collector(client);

// A query, a mutation and a stream at the same time, each over a connection of its own.
await everyKindAtOnce(collect);
await leftStream(client);

// A document that does not fit is told in the stream.
const [refused] = await collect("subscription { nothing }");
assert.equal(refused[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
client.dispose();

// A wrong token is refused by the status.
const stranger = connect({ headers: { authorization: "Bearer wrong" } });
await assert.rejects(stranger.iterate({ query: "{ hello }" }).next(), ({ response }) => response.status === 401);
console.log("content");

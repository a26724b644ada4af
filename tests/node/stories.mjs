// What a reference client must see, whatever carries it.
import assert from "node:assert/strict";

// Everything that an operation says.
export const collector = (client) => async (query, variables) => {
  const events = [];
  for await (const { data, errors } of client.iterate({ query, variables })) events.push(errors ?? data);
  return events;
};

// A query, a mutation and a stream at the same time.
export const everyKindAtOnce = async (collect) => {
  const [query, mutation, events] = await Promise.all([
    collect("{ hello }"),
    collect("mutation { add(by: 3) }"),
    collect("subscription ($to: Int!) { count(to: $to) }", { to: 500 }),
  ]);
  assert.deepEqual(query, [{ hello: "Hello, world" }]);
  assert.deepEqual(mutation, [{ add: 3 }]);
  assert.deepEqual(events.map(({ count }) => count), Array.from({ length: 500 }, (_, n) => n + 1));
};

// A stream that the client leaves.
export const leftStream = async (client) => {
  const ticks = client.iterate({ query: "subscription { ticks(pause: 10) }" });
  assert.deepEqual((await ticks.next()).value.data, { ticks: 1 });
  await ticks.return();
};

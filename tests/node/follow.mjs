// Follows BUILD at ADDRESS with TOKEN by the reference client (npm graphql-ws), and prints every event as a line of JSON. After
// CUT log lines the connection is torn down once, without a word; then it goes on behind the last cursors.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { documents } from "./streams.mjs";

const [address, token, build, cut] = process.argv.slice(2);
const after = {};
const ended = new Set();
let lines = 0;
let connections = 0;
let socket;

const client = createClient({
  url: `${address.replace("http", "ws")}/graphql`,
  webSocketImpl: class extends WebSocket {
    constructor(...rest) {
      super(...rest);
      socket = this;
    }
  },
  connectionParams: { token },
  lazy: true,
  retryAttempts: 0,
  on: { connected: () => (connections += 1) },
});

const follow = async (stream) => {
  const query = documents[stream];
  for await (const { data, errors } of client.iterate({ query, variables: { id: build, after: after[stream] } })) {
    if (errors) throw new Error(JSON.stringify(errors));
    const event = data.stream;
    after[stream] = event.cursor;
    console.log(JSON.stringify({ stream, event }));
    if (event.__typename === "StreamEnded" && event.reason === "COMPLETE") ended.add(stream);
    lines += event.lines?.length ?? 0;
    if (lines >= Number(cut) && connections === 1) socket.terminate();
  }
};

while (ended.size < 2) {
  const outcomes = await Promise.allSettled(["log", "state"].filter((stream) => !ended.has(stream)).map(follow));
  const failed = outcomes.find(({ reason }) => reason instanceof Error);
  if (failed) throw failed.reason;
}
await client.dispose();
console.log(JSON.stringify({ connections }));

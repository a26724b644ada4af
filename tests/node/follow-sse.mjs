// Follows BUILD at ADDRESS with TOKEN by server-sent events (npm graphql-sse), and prints every event as a line of JSON. Whenever
// CUT more log lines have come, both connections are torn down, without a word; then they go on behind the last cursors.
import { createClient } from "graphql-sse";
import { documents } from "./streams.mjs";

const [address, token, build, cut] = process.argv.slice(2);
const after = {};
const ended = new Set();
let lines = 0;
let next = Number(cut);
let connections = 0;
let network = new AbortController();

const client = createClient({
  url: `${address}/graphql`,
  headers: { authorization: `Bearer ${token}` },
  retryAttempts: 0,
  // The client does not know of the signal that tears its connection: to it the network fails.
  fetchFn: (url, init) => fetch(url, { ...init, signal: AbortSignal.any([init.signal, network.signal]) }),
  on: { connected: () => (connections += 1) },
});

const follow = async (stream) => {
  const query = documents[stream];
  const mine = network;
  try {
    for await (const { data, errors } of client.iterate({ query, variables: { id: build, after: after[stream] } })) {
      // What has come, but not as far as here, is lost with the connection.
      if (mine.signal.aborted) break;
      if (errors) throw new Error(JSON.stringify(errors));
      const event = data.stream;
      after[stream] = event.cursor;
      console.log(JSON.stringify({ stream, event }));
      if (event.__typename === "StreamEnded" && event.reason === "COMPLETE") ended.add(stream);
      lines += event.lines?.length ?? 0;
      if (lines >= next) {
        next = lines + Number(cut);
        network.abort();
      }
    }
  } catch (error) {
    if (!mine.signal.aborted) throw error;
  }
};

while (ended.size < 2) {
  network = new AbortController();
  await Promise.all(["log", "state"].filter((stream) => !ended.has(stream)).map(follow));
}
client.dispose();
console.log(JSON.stringify({ connections }));

// A way to the server whose websockets can be cut, as a bad network does it.
import { connect, createServer } from "node:net";

/** Listens on a port of its own. `cut` destroys every websocket that is open, and says how many that were. */
export async function proxyTo(address) {
  const { hostname, port } = new URL(address);
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const drop = () => {
      near.destroy();
      far.destroy();
      sockets.delete(drop);
    };
    near.once("data", (head) => {
      if (/^upgrade: *websocket/im.test(head.toString("latin1"))) sockets.add(drop);
      far.write(head);
      near.pipe(far);
      far.pipe(near);
    });
    for (const end of [near, far]) end.on("error", drop).on("close", drop);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    cut: () => [...sockets].map((drop) => drop()).length,
    close: () => server.close(),
  };
}

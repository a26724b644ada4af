// A page at PAGE, in a real Chromium, tries everything that pages can do to make the server at ADDRESS act or tell. Prints as
// JSON how much it tried, what it could read, and how many events it received. The browser's own defences are switched off where
// it has such switches: what is tested are the server's.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, pageAddress] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), "alm-chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP *.example 127.0.0.1",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights"],
});

// Runs in the page.
const attack = async (graphql) => {
  const documents = { mutation: "mutation { add }", query: "{ hello }", subscription: "subscription { ticks }" };
  const read = [];
  let attempts = 0;
  let events = 0;
  const note = (name, status, text) => read.push({ name, status, data: /"data"\s*:\s*\{/.test(text) });
  const soon = (promise) => Promise.race([promise, new Promise((done) => setTimeout(done, 10_000))]);

  const bodies = {
    "text/plain": (query) => new Blob([JSON.stringify({ query })], { type: "text/plain" }),
    form: (query) => new URLSearchParams({ query }),
    multipart: (query) => {
      const form = new FormData();
      form.set("query", query);
      form.set("operations", JSON.stringify({ query }));
      return form;
    },
    json: (query) => new Blob([JSON.stringify({ query })], { type: "application/json" }),
    none: (query) => new Blob([JSON.stringify({ query })]),
  };
  const types = { "text/plain": "text/plain", form: "application/x-www-form-urlencoded", multipart: "multipart/form-data; boundary=x",
    json: "application/json" };
  const fetches = [];
  for (const mode of ["no-cors", "cors"]) {
    for (const [kind, query] of Object.entries(documents)) {
      for (const accept of kind === "subscription" ? ["text/event-stream", "multipart/mixed"] : ["*/*"]) {
        for (const [type, body] of Object.entries(bodies)) {
          const get = { headers: type === "none" ? { accept } : { accept, "content-type": types[type] } };
          fetches.push([`GET ${type} ${mode} ${kind} ${accept}`, `${graphql}?query=${encodeURIComponent(query)}`, { mode, ...get }]);
          fetches.push([`POST ${type} ${mode} ${kind} ${accept}`, graphql, { mode, method: "POST", headers: { accept }, body: body(query) }]);
        }
      }
    }
  }
  const fetched = fetches.map(async ([name, url, options]) => {
    attempts += 1;
    try {
      const reply = await fetch(url, { credentials: options.mode === "cors" ? "omit" : "include", signal: AbortSignal.timeout(8_000), ...options });
      if (reply.type === "opaque") return;
      // A stream is read for its first piece only.
      const first = await reply.body.getReader().read();
      note(name, reply.status, new TextDecoder().decode(first.value));
    } catch {
      // Refused by the server or by the browser.
    }
  });

  // Forms, whose replies go to frames of the page.
  const forms = [];
  for (const [method, enctype] of [["POST", "text/plain"], ["POST", "application/x-www-form-urlencoded"], ["POST", "multipart/form-data"],
    ["GET", "application/x-www-form-urlencoded"]]) {
    attempts += 1;
    const frame = document.createElement("iframe");
    frame.name = `frame${forms.length}`;
    document.body.append(frame);
    const form = document.createElement("form");
    Object.assign(form, { method, enctype, action: graphql, target: frame.name });
    const field = document.createElement("input");
    // As text/plain this makes a JSON object.
    [field.name, field.value] = enctype === "text/plain" ? ['{"query":"mutation { add }","x":"', '"}'] : ["query", documents.mutation];
    form.append(field);
    document.body.append(form);
    const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
    form.submit();
    forms.push(soon(loaded).then(() => {
      const text = (() => { try { return frame.contentDocument?.body?.innerText; } catch { return undefined; } })();
      if (text) note(`form ${method} ${enctype}`, 0, text);
    }));
  }

  // What loads from anywhere.
  const tags = [["img", "src"], ["script", "src"], ["link", "href"], ["iframe", "src"], ["video", "src"], ["object", "data"]];
  const loads = tags.flatMap(([tag, attribute]) => Object.entries(documents).map(([kind, query]) => {
    attempts += 1;
    const element = document.createElement(tag);
    if (tag === "link") element.rel = "stylesheet";
    const settled = new Promise((done) => ["load", "error"].forEach((event) => element.addEventListener(event, done)));
    element[attribute] = `${graphql}?query=${encodeURIComponent(query)}`;
    document.body.append(element);
    return soon(settled).then(() => {
      const text = (() => { try { return element.contentDocument?.body?.innerText; } catch { return undefined; } })();
      if (text) note(`${tag} ${kind}`, 0, text);
    });
  }));
  attempts += 1;
  navigator.sendBeacon(graphql, new Blob([JSON.stringify({ query: documents.mutation })], { type: "text/plain" }));

  // Streams.
  const socket = new Promise((done) => {
    attempts += 1;
    const socket = new WebSocket(graphql.replace("http", "ws"), "graphql-transport-ws");
    let heard = 0;
    socket.onopen = () => socket.send(JSON.stringify({ type: "connection_init", payload: {} }));
    socket.onmessage = ({ data }) => {
      const { type } = JSON.parse(data);
      if (type === "connection_ack") {
        socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query: documents.subscription } }));
        socket.send(JSON.stringify({ type: "subscribe", id: "2", payload: { query: documents.mutation } }));
      }
      if (type === "next") { heard += 1; events += 1; }
      if (heard >= 5) socket.close();
    };
    socket.onclose = done;
  });
  const source = new Promise((done) => {
    attempts += 1;
    const source = new EventSource(`${graphql}?query=${encodeURIComponent(documents.subscription)}`);
    source.addEventListener("next", () => { events += 1; source.close(); done(); });
    source.onerror = () => { source.close(); done(); };
  });

  await Promise.all([...fetched, ...forms, ...loads, soon(socket), soon(source)]);
  return { attempts, read, events };
};

try {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  // Only the page itself is not asked of the server, as if its name had led elsewhere when it was loaded.
  await page.route(pageAddress, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>A page</title><body>" }), { times: 1 });
  await page.goto(pageAddress);
  console.log(JSON.stringify(await page.evaluate(attack, `${address}/graphql`)));
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}

// A real OAuth and OpenID Connect issuer (npm oidc-provider) with a small cluster beside it, for the tests.
//
//     node issuer.mjs '{"refresh": false, "accessSeconds": 30, "redirects": ["http://127.0.0.1:8080/oauth/callback"]}'
//
// Prints one line of JSON when it is ready: { issuer, cluster, control, clientId, clientSecret }, and ends with its standard input.
// Users are whoever names himself on its page; the page of a real browser asks for a name and for consent. Programs walk the same
// pages by POST control/approve. What it was asked for is counted: GET control/counters.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";
import { cluster } from "./issuer/cluster.mjs";
import { configuration } from "./issuer/configuration.mjs";
import { control } from "./issuer/control.mjs";
import { interactions } from "./issuer/interactions.mjs";
import { answer, body } from "./issuer/http.mjs";
import { recorded } from "./issuer/recorded.mjs";
import { tokenExchange } from "./issuer/token-exchange.mjs";

const options = {
  name: "issuer",
  // Whether refresh tokens are given; each is used once.
  refresh: true,
  accessSeconds: 3600,
  clientId: "alm",
  clientSecret: "the-secret-of-the-client-0123456789",
  // Of the client above; more clients come by control/clients.
  redirects: ["http://127.0.0.1:8080/oauth/callback"],
  // A public client for pages, whose tokens are JWTs for `audience`.
  pages: { clientId: "alm-ui", redirects: [] },
  audience: "urn:alm",
  // By how much its clock is wrong.
  skewSeconds: 0,
  // What the cluster says of where its issuer is: itself, as OpenShift does, or nothing; whether that one says its name in its answers
  // (RFC 9207), and has a place where tokens are revoked; and whether the cluster is an OpenShift.
  clusterDiscovery: true,
  namesIssuer: true,
  openshift: true,
  revocation: true,
  // For whom exchanged tokens have to be.
  clusterAudience: "urn:cluster",
  ...JSON.parse(process.argv[2] ?? "{}"),
};

const now = Date.now;
Date.now = () => now() + options.skewSeconds * 1000;

const listen = (server) => new Promise((ready) => server.listen(options.port ?? 0, "127.0.0.1", () => ready(`http://127.0.0.1:${server.address().port}`)));
const counters = {};
const count = (what) => (counters[what] = (counters[what] ?? 0) + 1);
// What goes wrong at the moment: { token: "echo" | "down" | "hang" | "redirect", cluster: … }.
const trouble = {};
// What became of tokens: for whom they were exchanged, which JWTs were withdrawn, and all that were shown to the cluster.
const tokens = { exchanged: new Map(), withdrawn: new Set(), shown: new Set() };

// The server is there before the issuer, which has to know its own address.
let handle = (_, response) => response.writeHead(503).end();
const front = createServer((request, response) => handle(request, response));
const issuer = await listen(front);
const provider = new Provider(issuer, configuration(options));
provider.on("server_error", (_, error) => console.error(error));
tokenExchange(provider, options, tokens);
const given = recorded(provider);

const side = createServer((request, response) => {
  cluster({ provider, issuer, options, count, trouble, tokens }, request, response).catch((error) => answer(response, 500, { error: `${error}` }));
});
const clusterAddress = await listen(side);

const callback = provider.callback();
const controls = control({ provider, issuer, options, counters, given, trouble, tokens });
const pages = interactions(provider);
const counted = { "/token": "token", "/auth": "authorize", "/me": "userinfo", "/token/revocation": "revoke", "/jwks": "jwks" };

handle = (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  const serve = async () => {
    if (pathname.startsWith("/control/")) return controls(request, response);
    if (pathname.startsWith("/interaction/")) return pages(request, response);
    if (counted[pathname]) count(counted[pathname]);
    if (pathname === "/token" && trouble.token) return inTrouble(trouble.token, request, response);
    return callback(request, response);
  };
  serve().catch((error) => answer(response, 500, { error: `${error}` }));
};

const inTrouble = async (mode, request, response) => {
  if (mode === "hang") return;
  if (mode === "down") return answer(response, 503, { error: "temporarily_unavailable" });
  if (mode === "redirect") return response.writeHead(307, { location: `${clusterAddress}/elsewhere` }).end();
  const said = `${request.headers.authorization ?? ""} ${decodeURIComponent(await body(request)).replaceAll("&", " ")}`;
  answer(response, 400, { error: "invalid_request", error_description: said, error_uri: `https://example.org/?${said}` });
};

process.stdin.on("end", () => process.exit(0)).resume();
const { clientId, clientSecret } = options;
console.log(JSON.stringify({ issuer, cluster: clusterAddress, control: `${issuer}/control`, clientId, clientSecret }));

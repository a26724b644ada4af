// The audits of GraphQL over HTTP (npm graphql-http) against ADDRESS with TOKEN. Fails unless every one passes, MAY included.
import { auditServer } from "graphql-http";

const [address, token] = process.argv.slice(2);
const fetchFn = (url, init = {}) =>
  fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), authorization: `Bearer ${token}` } });

const results = await auditServer({ url: `${address}/graphql`, fetchFn });
for (const { status, id, name, reason } of results) if (status !== "ok") console.log(status, id, name, reason);
const passed = results.filter(({ status }) => status === "ok").length;
console.log(`${passed} of ${results.length}`);
process.exitCode = passed === results.length ? 0 : 1;

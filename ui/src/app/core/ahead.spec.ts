import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { HASHES } from "../api/hashes";
import { ahead, taken } from "./ahead";

const BUILD = { operationName: "Build", variables: { project: "shop", service: "web", number: 7 } };
const PAGE = "/ui/projects/shop/web/builds/7";

interface Sent {
  readonly operationName: string;
  readonly variables: unknown;
  readonly documentId: string;
}

describe("what is asked before the page is there", () => {
  let sent: Sent[] = [];
  let answer: unknown;
  let count = 0;
  // Of each test its own: what was asked stays until it is taken.
  let token = "";

  beforeEach(() => {
    sent = [];
    token = `token ${(count += 1)}`;
    answer = { data: { build: { id: "bld_1" } } };
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      sent.push(JSON.parse(init.body as string) as Sent);
      expect(new Headers(init.headers).get("authorization")).toBe(`Bearer ${token}`);
      return Promise.resolve(Response.json(answer));
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("is a build and the lines around the one in its address, each taken once", async () => {
    ahead(token, { pathname: PAGE, hash: "#L700-L702" });
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent).toEqual([
      { ...BUILD, documentId: `sha256:${HASHES["Build"]}` },
      { operationName: "LogWindow", variables: { buildId: "bld_1", window: { around: 700 } }, documentId: `sha256:${HASHES["LogWindow"]}` },
    ]);
    const reply = await taken(token, BUILD);
    expect(await reply?.json()).toEqual(answer);
    expect(taken(token, BUILD)).toBeUndefined();
    expect(taken(token, { operationName: "LogWindow", variables: { buildId: "bld_1", window: { around: 700 } } })).toBeDefined();
  });

  it("is all asked when the build is given away", async () => {
    ahead(token, { pathname: PAGE, hash: "#L3" });
    await taken(token, BUILD);
    expect(taken(token, { operationName: "LogWindow", variables: { buildId: "bld_1", window: { around: 3 } } })).toBeDefined();
  });

  it("is given away whatever it is", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("no JSON", { status: 502 })));
    ahead(token, { pathname: PAGE, hash: "" });
    expect(await (await taken(token, BUILD))?.text()).toBe("no JSON");
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    ahead(token, { pathname: PAGE, hash: "" });
    await expect(taken(token, BUILD)).rejects.toThrow("no network");
  });

  it("is the end of the log where the address names no line", async () => {
    ahead(token, { pathname: PAGE, hash: "" });
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]?.variables).toEqual({ buildId: "bld_1", window: { tail: 500 } });
  });

  it("is only for whoever asked, and for what was asked", () => {
    ahead(token, { pathname: PAGE, hash: "" });
    expect(taken("another", BUILD)).toBeUndefined();
    expect(taken(null, BUILD)).toBeUndefined();
    expect(taken(token, { ...BUILD, variables: { project: "shop", service: "web", number: 8 } })).toBeUndefined();
    expect(taken(token, BUILD)).toBeDefined();
  });

  it("is no log where there is no build", async () => {
    answer = { data: { build: null } };
    ahead(token, { pathname: PAGE, hash: "" });
    await taken(token, BUILD);
    expect(sent).toHaveLength(1);
  });

  it("is nothing without a token, and elsewhere", () => {
    ahead(null, { pathname: PAGE, hash: "" });
    for (const pathname of ["/ui", "/ui/projects/shop", `${PAGE}/more`, "/ui/projects/shop/web/builds/new", "/ui/projects/shop/web/builds/12345678901"]) {
      ahead(token, { pathname, hash: "" });
    }
    expect(sent).toEqual([]);
  });
});

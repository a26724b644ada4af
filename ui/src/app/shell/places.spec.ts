import { describe, expect, it } from "vitest";

import { places, wanted } from "./places";

const build = { id: "b", number: 7, status: "SUCCEEDED" as const };
const shop = { id: "p", slug: "shop", displayName: "Shop", services: [{ id: "s", slug: "web", displayName: "Web", latestBuild: build }] };

describe("what is typed into the box of the header", () => {
  it("is words, a number of a build, or both", () => {
    expect(wanted("web shop")).toEqual({ words: "web shop", number: null });
    expect(wanted("#12")).toEqual({ words: "", number: 12 });
    expect(wanted("12")).toEqual({ words: "", number: 12 });
    expect(wanted("shop #12")).toEqual({ words: "shop", number: 12 });
    expect(wanted("shop#12")).toEqual({ words: "shop", number: 12 });
    expect(wanted("release 2")).toEqual({ words: "release 2", number: null });
    expect(wanted("shop#")).toEqual({ words: "shop", number: null });
  });

  it("leads to builds of the page that is open, and of what was found", () => {
    const path = "/projects/other/api/builds/3?view=list";
    expect(places(wanted("#12"), [], path).map((one) => one.link.join("/"))).toEqual(["/projects/other/api/builds/12"]);
    expect(places(wanted("shop #12"), [shop], path).map((one) => one.link.join("/"))).toEqual(["/projects/shop/web/builds/12"]);
    expect(places(wanted("#12"), [], "/")).toEqual([]);
  });

  it("leads to projects first, then to their newest builds", () => {
    expect(places(wanted("shop"), [shop], "/").map((one) => one.text)).toEqual(["Shop", "Web #7"]);
  });
});

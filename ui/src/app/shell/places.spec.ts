import { describe, expect, it } from "vitest";

import { type Found, asked, places, wanted } from "./places";

const build = { id: "b", number: 7, status: "SUCCEEDED" as const };
const shop: Found = {
  id: "p",
  slug: "shop",
  displayName: "Shop",
  services: [
    { id: "s", slug: "web", displayName: "Web", latestBuild: build },
    { id: "t", slug: "docs", displayName: "Documents", latestBuild: { ...build, number: 9 } },
  ],
};

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

  const texts = (typed: string, found: readonly Found[], path = "/"): readonly string[] => places(wanted(typed), found, path).map((one) => one.text);
  const links = (typed: string, found: readonly Found[], path: string): readonly string[] =>
    places(wanted(typed), found, path).map((one) => one.link.join("/"));

  it("leads to builds of the page that is open, and of what was found", () => {
    const path = "/projects/other/api/builds/13?view=list";
    expect(links("#12", [], path)).toEqual(["/projects/other/api/builds/12"]);
    expect(links("shop #6", [shop], path)).toEqual(["/projects/shop/web/builds/6", "/projects/shop/docs/builds/6"]);
    expect(links("#12", [], "/")).toEqual([]);
    // On the page of a project its build services are meant.
    expect([asked(wanted("#6"), "/projects/shop/settings"), asked(wanted("#6"), "/providers")]).toEqual(["shop", ""]);
    expect(links("#8", [shop], "/projects/shop")).toEqual(["/projects/shop/docs/builds/8"]);
  });

  it("offers no build that there is not", () => {
    expect(texts("shop #8", [shop])).toEqual(["Documents #8"]);
    expect(texts("shop #10", [shop])).toEqual([]);
    expect(texts("shop #0", [shop])).toEqual([]);
  });

  it("leads to what fits best first: build services by their own names, then projects, then other builds", () => {
    expect(texts("shop", [shop])).toEqual(["Shop", "Web #7", "Documents #9"]);
    expect(texts("docs", [shop])).toEqual(["Documents #9", "Shop", "Web #7"]);
    expect(texts("shop web", [shop])).toEqual(["Web #7", "Shop", "Documents #9"]);
    expect([asked(wanted("shop/docs#3"), "/"), texts("shop/docs#3", [shop])]).toEqual(["shop docs", ["Documents #3", "Web #3"]]);
  });
});

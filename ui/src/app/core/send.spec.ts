import { describe, expect, it } from "vitest";

import { placed } from "./send";

describe("placed", () => {
  it("puts each refusal to the longest field that it begins with, and what fits none to the form", () => {
    const refusals = [
      { message: "no address", path: ["repository", "url"] },
      { message: "no repository", path: ["repository"] },
      { message: "too long", path: ["configuration", "build.timeout"] },
      { message: "too old", path: ["expectedRevision"] },
      { message: "all of it", path: null },
    ];
    const all = placed(refusals, ["repository", "repository/url", "configuration/build.timeout"]);
    expect(all.get("repository/url")).toEqual(["no address"]);
    expect(all.get("repository")).toEqual(["no repository"]);
    expect(all.get("configuration/build.timeout")).toEqual(["too long"]);
    expect(all.get("")).toEqual(["too old", "all of it"]);
  });

  it("does not take a field for the beginning of another one's name", () => {
    expect(placed([{ message: "x", path: ["slugs"] }], ["slug"]).get("")).toEqual(["x"]);
  });
});

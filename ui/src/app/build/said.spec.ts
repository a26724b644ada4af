import { describe, expect, it } from "vitest";

import { folded } from "./said";

describe("a value that somebody gave", () => {
  it("is told in words", () => {
    expect(folded(true).text).toBe("yes");
    expect(folded(3).text).toBe("3");
    expect(folded("").text).toBe("");
    expect(folded("two\nlines")).toEqual(expect.objectContaining({ text: "two\nlines", begins: null }));
  });

  it("is folded behind its beginning where it is long", () => {
    const long = "\u{1F600}".repeat(5_000);
    expect(folded(long)).toEqual({ text: long, begins: "\u{1F600}".repeat(60), size: "5,000 characters" });
    expect(folded("\n\nfirst\n1\n2")).toEqual(expect.objectContaining({ begins: "first", size: "5 lines" }));
  });
});

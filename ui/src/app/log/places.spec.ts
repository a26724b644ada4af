import { describe, expect, it } from "vitest";

import { expression, literal } from "./places";

describe("where in a line something is", () => {
  it("is where the text is", () => {
    expect(literal("ab", false)("Ab xab")).toEqual([[0, 2], [4, 6]]);
    expect(literal("ab", true)("Ab xab")).toEqual([[4, 6]]);
    expect(literal("", true)("Ab")).toEqual([]);
    expect(literal("i", false)("İi")).toEqual([]);
  });

  it("is where an expression fits", () => {
    expect(expression("li.e", false)("Line 1, lime")).toEqual([[0, 4], [8, 12]]);
    expect(expression("li.e", true)("Line 1, lime")).toEqual([[8, 12]]);
    expect(expression("\\d+ of \\d+", true)("12 of 300")).toEqual([[0, 9]]);
    expect(expression("x*", true)("abc")).toEqual([]);
  });

  it("is nowhere for what a browser reads in another way", () => {
    for (const pattern of ["(?i)line", "end\\z", "[[:alpha:]]", "\\pL", "(?P<n>a)", "("]) {
      expect(expression(pattern, true)("line endz alpha pL a (?i)"), pattern).toEqual([]);
    }
  });

  it("takes no long time, whatever is typed", () => {
    const line = "a".repeat(2_000);
    for (const pattern of ["(a+)+$", "(a|aa)*b", "a*a*a*b", "(a{1,9}){1,9}b"]) expect(expression(pattern, true)(`${line}!`), pattern).toEqual([]);
    expect(expression("a*b*!", true)(`${line}!`)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";

import { randomly } from "../testing/fixtures";
import { cut, marked, plain, spans } from "./ansi";
import { tone } from "./colours";
import { literal } from "./places";

describe("a line with escape sequences", () => {
  it("keeps colours as looks and drops all else", () => {
    expect(spans("plain")).toEqual([{ text: "plain", look: "" }]);
    expect(spans("\x1b[1;31mbad\x1b[0m good")).toEqual([
      { text: "bad", look: "bold fg-1" },
      { text: " good", look: "" },
    ]);
    expect(spans("\x1b[2K\x1b[1Ax\x1b]8;;javascript:alert(1)\x07y\x1b[?25l\x1b")).toEqual([
      { text: "x", look: "" },
      { text: "y", look: "" },
    ]);
    expect(spans("\x1b[38;5;9mred\x1b[39m")).toEqual([{ text: "red", look: "fg-1" }]);
    expect(spans("\x1b[38;2;250;20;30mtrue")).toEqual([{ text: "true", look: "fg-1" }]);
    expect(spans("\x1b[48;5;22;1mgreen behind")).toEqual([{ text: "green behind", look: "bg-2 bold" }]);
    expect(spans("\x1b[38;2;999;0;0mno colour")).toEqual([{ text: "no colour", look: "" }]);
  });

  it("never loses text that is no escape sequence", () => {
    const parts = ["a", "<script>", "\x1b[31m", "\x1b[0m", "é", "\x1b[1;4m", " "];
    for (let seed = 0; seed < 500; seed += 1) {
      const random = randomly(seed);
      const chosen = Array.from({ length: 20 }, () => parts[Math.floor(random() * parts.length)] ?? "");
      const text = spans(chosen.join("")).map((span) => span.text).join("");
      expect(text).toBe(chosen.filter((part) => !part.startsWith("\x1b")).join(""));
    }
  });

  it("keeps links by http and https, and no others", () => {
    const link = (address: string) => spans(`\x1b]8;;${address}\x1b\\text\x1b]8;;\x07 after`);
    expect(link("https://example.org/a?b")).toEqual([
      { text: "text", look: "", href: "https://example.org/a?b" },
      { text: " after", look: "" },
    ]);
    for (const hostile of ["javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:x", "//example.org", "blob:https://x/y", "file:///etc", ""]) {
      expect(link(hostile).some((span) => span.href), hostile).toBe(false);
    }
  });

  it("is bounded, whatever is written", () => {
    const colours = "\x1b[31mx\x1b[32my".repeat(20_000);
    expect(spans(colours).length).toBeLessThan(310);
    expect(plain(colours)).toBe("xy".repeat(20_000));
    expect(spans("\x1b]8;;".repeat(100_000)).map((span) => span.text).join("").length).toBeGreaterThan(0);
    expect(spans(`\x1b[${"1;".repeat(500_000)}m`)).toHaveLength(1);
    expect(cut(spans(colours), 10).map((span) => span.text).join("")).toBe("xyxyxyxyxy");
  });

  it("marks what was searched for, across colours too", () => {
    const found = marked(spans("a \x1b[31mNee\x1b[0mdle b needle"), literal("needle", false));
    expect(found.filter((span) => span.isHit).map((span) => span.text)).toEqual(["Nee", "dle", "needle"]);
    expect(found.map((span) => span.text).join("")).toBe("a Needle b needle");
    expect(marked(spans("Needle"), literal("needle", true)).some((span) => span.isHit)).toBe(false);
  });

  it("knows the nearest colour that can be read", () => {
    expect([[196], [46], [21], [226], [201], [51], [255], [240]].map((one) => tone(one))).toEqual([1, 2, 4, 3, 5, 6, 7, 0]);
    expect(tone([])).toBeNull();
  });
});

import { describe, expect, it } from "vitest";

import { randomly } from "../testing/fixtures";
import { spans } from "./ansi";

describe("a line with escape sequences", () => {
  it("keeps colours as looks and drops all else", () => {
    expect(spans("plain")).toEqual([{ text: "plain", look: "" }]);
    expect(spans("\x1b[1;31mbad\x1b[0m good")).toEqual([
      { text: "bad", look: "bold fg-1" },
      { text: " good", look: "" },
    ]);
    expect(spans("\x1b[2K\x1b[1Ax\x1b]8;;javascript:alert(1)\x07y")).toEqual([
      { text: "x", look: "" },
      { text: "y", look: "" },
    ]);
    expect(spans("\x1b[38;5;9mred\x1b[39m")).toEqual([{ text: "red", look: "fg-1" }]);
    expect(spans("\x1b[38;2;1;2;3mtrue")).toEqual([{ text: "true", look: "" }]);
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
});

import { describe, expect, it } from "vitest";

import { slugOf } from "./slug";

describe("slugOf", () => {
  it("makes a short name that the server takes", () => {
    expect(slugOf("Web Shop")).toBe("web-shop");
    expect(slugOf("  Größe & Übermaß! ")).toBe("gro-e-uberma");
    expect(slugOf("-".repeat(3) + "a".repeat(80))).toBe("a".repeat(63));
    expect(slugOf("日本")).toBe("");
  });
});

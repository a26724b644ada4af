import { describe, expect, it } from "vitest";

import { filterOf } from "./filter";

describe("filterOf", () => {
  it("takes whole days of the reader's zone", () => {
    const { since, until } = filterOf({ from: "2026-03-01", to: "2026-03-01" });
    expect(since).toBe(new Date(2026, 2, 1).toISOString());
    expect(Date.parse(until ?? "") - Date.parse(since ?? "")).toBe(24 * 3_600_000 - 1);
  });

  it("leaves out what is no filter", () => {
    const nothing = { verbPrefix: null, outcome: null, actorId: null, since: null, until: null };
    expect(filterOf({})).toEqual(nothing);
    expect(filterOf({ verb: " ", outcome: "MAYBE", from: "yesterday", to: "" })).toEqual(nothing);
    expect(filterOf({ verb: "build.", outcome: "DENIED" })).toMatchObject({ verbPrefix: "build.", outcome: "DENIED" });
  });
});

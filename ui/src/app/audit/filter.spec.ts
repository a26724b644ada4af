import { describe, expect, it } from "vitest";

import { filterOf, fits } from "./filter";

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

describe("fits", () => {
  const actor = { __typename: "User", id: "usr_1", login: "mia", displayName: "Mia" } as const;
  const event = { verb: "build.start", outcome: "DONE", actor, at: new Date(2026, 2, 1, 23, 59).toISOString() } as const;

  it("says of an event what the server would", () => {
    for (const query of [{}, { verb: "build." }, { outcome: "DONE" }, { actor: "usr_1" }, { from: "2026-03-01", to: "2026-03-01" }]) {
      expect(fits(event, filterOf(query))).toBe(true);
    }
    for (const query of [{ verb: "project." }, { outcome: "DENIED" }, { actor: "usr_2" }, { from: "2026-03-02" }, { to: "2026-02-28" }]) {
      expect(fits(event, filterOf(query))).toBe(false);
    }
    expect(fits({ ...event, actor: { __typename: "SystemActor", component: "monitor" } }, filterOf({ actor: "usr_1" }))).toBe(false);
  });
});

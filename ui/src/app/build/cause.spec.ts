import { describe, expect, it } from "vitest";

import { cause } from "./cause";

describe("cause", () => {
  const mia = { __typename: "User", id: "usr_1", login: "mia", displayName: "Mia" } as const;

  it("names who asked for a build, and what for", () => {
    expect(cause({ kind: "MANUAL", actor: mia })).toBe("started by Mia");
    expect(cause({ kind: "ROLLBACK", actor: mia })).toBe("rolled back by Mia");
    expect(cause(undefined)).toBe("");
  });

  it("says of a build that nobody here has started where it came from", () => {
    expect(cause({ kind: "EXTERNAL", actor: { __typename: "SystemActor", component: "cluster" } })).toBe("started on the cluster");
  });
});

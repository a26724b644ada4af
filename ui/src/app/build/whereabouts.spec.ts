import { describe, expect, it } from "vitest";

import { type Deployed, brought, shown } from "./whereabouts";

const deployed = (id: string, environment: string, status: Deployed["status"], more: Partial<Deployed> = {}): Deployed =>
  ({ id, revision: 1, status, build: { id: "b1" }, environment: { id: environment, name: environment, displayName: environment }, ...more }) as Deployed;

describe("where the version of a build runs", () => {
  it("is what runs in each environment, else what came last", () => {
    const all = [
      deployed("d4", "live", "FAILED"),
      deployed("d3", "test", "SUPERSEDED"),
      deployed("d2", "live", "ACTIVE"),
      deployed("d1", "test", "ROLLED_BACK"),
    ];
    expect(shown(all).map(({ id }) => id)).toEqual(["d2", "d3"]);
  });

  it("takes the newest picture of its own deployments, and none of others", () => {
    const known = [deployed("d1", "live", "ACTIVE", { revision: 2 })];
    const told = [
      deployed("d1", "live", "RUNNING"),
      deployed("d2", "test", "ACTIVE"),
      deployed("d3", "live", "ACTIVE", { build: { id: "b2" } }),
    ];
    expect(brought(known, told, "b1").map(({ id, status }) => `${id} ${status}`)).toEqual(["d2 ACTIVE", "d1 ACTIVE"]);
    expect(brought(known, [deployed("d1", "live", "SUPERSEDED", { revision: 3 })], "b1")[0]?.status).toBe("SUPERSEDED");
  });
});

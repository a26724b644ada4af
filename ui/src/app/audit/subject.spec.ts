import { describe, expect, it } from "vitest";

import { placeOf } from "./subject";

const project = { slug: "shop" };
const build = { number: 5, service: { slug: "web" }, project };

describe("where the audit trail leads", () => {
  it("is the page of a build, for its parts too", () => {
    const path = ["/projects", "shop", "web", "builds", 5];
    expect(placeOf({ __typename: "Build", ...build })).toEqual({ path });
    expect(placeOf({ __typename: "Approval", build })).toEqual({ path });
    expect(placeOf({ __typename: "Stage", key: "test", build })).toEqual({ path, query: { stage: "test" } });
  });

  it("is where an environment can be seen", () => {
    const at = (role: "BUILD" | "TARGET", removedAt: string | null = null) => placeOf({ __typename: "Environment", name: "live", role, removedAt, project });
    expect(at("TARGET")?.path).toEqual(["/projects", "shop", "environments", "live", "history"]);
    expect(at("BUILD")?.path).toEqual(["/projects", "shop", "environments", "manage"]);
    expect(at("TARGET", "2026-01-01T00:00:00Z")).toBeNull();
  });

  it("is nowhere for what is gone, and for what has no page", () => {
    expect(placeOf({ __typename: "BuildService", slug: "web", removedAt: "2026-01-01T00:00:00Z", project })).toBeNull();
    expect(placeOf({ __typename: "User" })).toBeNull();
    expect(placeOf(null)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";

import type { BuildEntryFragment } from "../api/operations";
import { type BuildQuery, fits, wanted, wrongCommit } from "./filter";

const services = [
  { id: "svc_1", slug: "web" },
  { id: "svc_2", slug: "api" },
];
const build = {
  status: "FAILED",
  ref: "main",
  commit: { sha: "7f3c21a9d0" },
  service: services[0],
  trigger: { actor: { __typename: "User", id: "usr_1" } },
} as unknown as BuildEntryFragment;
const isMia = (actor: BuildEntryFragment["trigger"]["actor"]): boolean => actor.__typename === "User" && actor.id === "usr_1";

describe("wanted", () => {
  it("leaves out what is no filter", () => {
    expect(wanted({}, services)).toEqual({ filter: null, isNowhere: false, isSure: true });
    expect(wanted({ status: "perhaps", commit: "no", mine: "false" }, services).filter).toBeNull();
    expect([wrongCommit({ commit: "no" }), wrongCommit({ commit: "7f3c21" })].every(Boolean)).toBe(true);
    expect(wrongCommit({ commit: "7F3C21A" })).toBeNull();
  });

  it("asks for a build service by its id, as soon as that is known", () => {
    const query = { service: "web", status: "failed" };
    expect(wanted(query, null)).toEqual({ filter: { statuses: ["FAILED", "ERRORED"] }, isNowhere: false, isSure: false });
    expect(wanted(query, services)).toEqual({ filter: { statuses: ["FAILED", "ERRORED"], serviceIds: ["svc_1"] }, isNowhere: false, isSure: true });
    expect(wanted({ service: "gone" }, services).isNowhere).toBe(true);
  });
});

describe("fits", () => {
  const fit = (query: BuildQuery, isMine = isMia): boolean => fits(build, wanted(query, services).filter, isMine);

  it("says of a build what the server would", () => {
    for (const query of [{}, { status: "failed" }, { service: "web" }, { ref: "main" }, { commit: "7F3C21A" }, { mine: "true" }]) {
      expect(fit(query), JSON.stringify(query)).toBe(true);
    }
    for (const query of [{ status: "succeeded" }, { service: "api" }, { ref: "mai" }, { commit: "7f3c21b" }]) {
      expect(fit(query), JSON.stringify(query)).toBe(false);
    }
    expect(fit({ mine: "true" }, () => false)).toBe(false);
    expect(fit({ status: "failed", ref: "other" })).toBe(false);
    expect(fits({ ...build, commit: null }, { sha: "7f3c21a" }, isMia)).toBe(false);
  });
});

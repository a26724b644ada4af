import { describe, expect, it } from "vitest";

import type { BuildRowFragment, ServiceCardFragment } from "../api/operations";
import { latest } from "./latest";

const build = (number: number, revision: number, service = "s") => ({ id: `${service}${number}`, number, revision, service: { id: service } }) as BuildRowFragment;
const service = (last: BuildRowFragment | null) => ({ id: "s", latestBuild: last }) as unknown as ServiceCardFragment;

describe("the newest build of a service", () => {
  it("is the one with the highest number, in its newest state, in whatever order builds were told", () => {
    const told = [build(2, 1), build(4, 1), build(3, 9), build(4, 3), build(9, 1, "other")];
    for (const order of [told, [...told].reverse()]) {
      expect(latest([service(build(2, 5))], order)[0]?.latest).toEqual(build(4, 3));
    }
    expect(latest([service(build(4, 7))], [build(4, 3)])[0]?.latest?.revision).toBe(7);
    expect(latest([service(null)], [])[0]?.latest).toBeNull();
  });
});

import { describe, expect, it } from "vitest";

import { bytesOf, sized } from "./size";

describe("sizes", () => {
  it("are written in the largest unit in which they are whole", () => {
    const all = [0, 1, 1023, 1024, 1_000_000, 500_000_000, 1_073_741_824, 1_610_612_736, 1_099_511_627_776];
    expect(all.map(sized)).toEqual(["0 bytes", "1 byte", "1023 bytes", "1 KiB", "1 MB", "500 MB", "1 GiB", "1536 MiB", "1 TiB"]);
    expect(all.map((one) => bytesOf(sized(one)))).toEqual(all);
  });

  it("are read as people write them", () => {
    const all = ["4096", "2GiB", " 1.5 gib ", "1.1 GB", "10 b", "", "GB", "two GB", "-1", "1e3", "9999999 TB"];
    expect(all.map(bytesOf)).toEqual([4096, 2_147_483_648, 1_610_612_736, 1_100_000_000, 10, null, null, null, null, null, null]);
  });
});

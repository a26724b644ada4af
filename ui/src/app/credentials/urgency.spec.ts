import { describe, expect, it } from "vitest";

import { byUrgency, works } from "./urgency";

type Account = Parameters<typeof byUrgency>[0];

const account = (displayName: string, status: Account["status"], expiresAt: string | null = null): Account => ({
  status,
  expiresAt,
  environment: { displayName },
});

describe("accounts", () => {
  it("stand in the order in which they need their person", () => {
    const all = [
      account("never", "NOT_CONNECTED"),
      account("steady", "CONNECTED"),
      account("today", "CONNECTED", "2026-01-01T18:00:00.000Z"),
      account("soon", "EXPIRING", "2026-01-01T12:05:00.000Z"),
      account("sooner", "EXPIRING", "2026-01-01T14:01:00.000+02:00"),
      account("gone", "REVOKED"),
      account("over", "EXPIRED", "2026-01-01T11:00:00.000Z"),
      account("beta", "CONNECTED"),
    ];
    const names = [...all].sort(byUrgency).map((one) => one.environment.displayName);
    expect(names).toEqual(["over", "gone", "sooner", "soon", "today", "beta", "steady", "never"]);
  });

  it("work while they are connected, also at the end", () => {
    expect((["CONNECTED", "EXPIRING"] as const).every((status) => works({ status }))).toBe(true);
    expect((["EXPIRED", "REVOKED", "PENDING", "NOT_CONNECTED", "ERROR"] as const).some((status) => works({ status }))).toBe(false);
  });
});

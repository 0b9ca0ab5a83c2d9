import { describe, expect, it } from "vitest";
import { expiredPosting, expiresAt, expiryOf, WAIT_MS_MAX } from "../../src/settle/expiry.ts";
import type { Charge } from "../../src/store/store.ts";

const hour = 3_600_000;
const day = 24 * hour;
const at = Date.UTC(2026, 10, 11, 12);
const charge = (window: Charge["window"]): Charge => ({ counter: "c", budget: "b", limit: 1n, window });
const fixed = (endsAt: number | null) => charge({ kind: "fixed", endsAt });
const rolling = (lengthMs: number) => charge({ kind: "rolling", lengthMs });

describe("an open purchase is given up", () => {
  it.each<[string, Charge[], number]>([
    ["when its window closes", [fixed(at + 2 * hour)], at + 2 * hour],
    ["when the last of its windows closes", [fixed(at + 2 * hour), rolling(5 * hour), fixed(at + hour)], at + 5 * hour],
    ["after 30 days where a window never closes", [fixed(null), fixed(at + hour)], at + 30 * day],
    ["after its window where that is longer than 30 days", [fixed(null), rolling(40 * day)], at + 40 * day],
    ["after 30 days where it counts in none", [], at + 30 * day],
  ])("%s, once nobody can tell", (_, charges, expected) => {
    expect(expiresAt({ at, charges, state: "unknown" }, "lost")).toBe(expected);
  });

  it("not on its first day while its caller may still wait for its turn", () => {
    expect(expiresAt({ at, charges: [fixed(at + hour)], state: "held" }, "lost")).toBe(at + day);
    expect(expiresAt({ at, charges: [rolling(40 * day)], state: "held" }, "lost")).toBe(at + 40 * day);
    expect(WAIT_MS_MAX).toBeLessThan(day);
  });

  it("not on its first day while fal could not be asked, and not for 30 days while its job is under way", () => {
    const hold = { at, charges: [fixed(at + hour)], state: "pending" } as const;
    expect(expiresAt(hold, "unanswered")).toBe(at + day);
    expect(expiresAt(hold, "under-way")).toBe(at + 30 * day);
    expect(expiresAt({ ...hold, charges: [rolling(40 * day)] }, "under-way")).toBe(at + 40 * day);
  });

  it("as if what was held had been billed; what is unknown stays unknown", () => {
    expect(expiredPosting(expiryOf({ amount: 5n, doubt: null }))).toEqual({
      ...{ outcome: "expired", post: { amount: 5n }, basis: "assumed-billed", billableUnits: null },
      note: "unknown, assumed billed",
    });
    const unknown = expiredPosting(expiryOf({ amount: null, doubt: "answer lost" }));
    expect(unknown).toMatchObject({ post: { amount: null }, note: "unknown, assumed billed; answer lost" });
  });
});

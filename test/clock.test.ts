import { describe, expect, it } from "vitest";
import { milliseconds, systemClock } from "../src/clock.ts";
import { OptionsError } from "../src/errors.ts";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["10m", 600_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["1.5s", 1500],
    [250, 250],
  ] as const)("%s is %i ms", (written, ms) => expect(milliseconds(written, "ttl")).toBe(ms));

  it.each(["soon", "5", "", "-1s", 0, -5, Number.NaN, "99999d", null])("refuses %s and names the option", (bad) => {
    expect(() => milliseconds(bad as number, "cache.ttl")).toThrow(OptionsError);
    expect(() => milliseconds(bad as number, "cache.ttl")).toThrow(/^cache\.ttl must be/);
  });
});

describe("sleeping", () => {
  it("ends with the signal's reason when it aborts, before or during the sleep", async () => {
    const reason = new Error("enough");
    const control = new AbortController();
    const asleep = systemClock.sleep(60_000, control.signal);
    control.abort(reason);
    await expect(asleep).rejects.toBe(reason);
    await expect(systemClock.sleep(60_000, control.signal)).rejects.toBe(reason);
  });
});

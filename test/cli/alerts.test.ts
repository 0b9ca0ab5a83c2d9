import { describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

const calls = (client: Parameters<Parameters<typeof ledgerOf>[1]>[0]) =>
  client.with({ tags: { customer: "acme" } }).run("fal-ai/recraft-v3", { input: { prompt: "a boat" } });

describe("fal-meter alerts", () => {
  it("tells of budgets that have reached a threshold, the worst first, and of alerts that wait", async () => {
    const down = { name: "down", send: () => Promise.reject(new Error("down")) };
    const { folder } = await ledgerOf(
      {
        budgets: [
          { name: "half", limit: "0.06", per: "total" },
          { name: "customers", limit: "0.03", per: "month", splitBy: "tag:customer" },
        ],
        alerts: { sinks: [down] },
      },
      calls,
    );
    const { code, out, err } = await run(["alerts"], { cwd: folder });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.split("\n").filter((line) => /^(critical|warning)/.test(line));
    expect(lines[0]).toMatch(/^critical\s+Budget "customers" of "acme" has reached 100 %/);
    expect(lines[1]).toMatch(/^warning\s+Budget "half" has reached 50 %/);
    expect(out).toMatch(/\d alerts? waits? to be delivered/);
    expect(isPlain(out)).toBe(true);
    const { alerts, pending } = JSON.parse((await run(["alerts", "--json"], { cwd: folder })).out);
    expect(alerts[0]).toMatchObject({ kind: "budget-exhausted", facts: { split: "acme" } });
    expect(pending.length).toBeGreaterThanOrEqual(2);
  });

  it("has nothing to tell of a quiet ledger, and says so where there is none", async () => {
    const { folder } = await ledgerOf({ budgets: [{ limit: 100, per: "month" }] }, calls);
    expect((await run(["alerts"], { cwd: folder })).out).toContain("Nothing that anybody should hear of.");
    expect((await run(["alerts"], { cwd: emptyFolder() })).out).toContain("There is no ledger");
  });
});

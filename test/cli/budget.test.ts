import { readdirSync } from "node:fs";
import { openSqliteStore } from "fal-meter/sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

let ledger: Awaited<ReturnType<typeof ledgerOf>>;

beforeAll(async () => {
  ledger = await ledgerOf(
    {
      timezone: "Asia/Kathmandu",
      budgets: [
        { name: "everything", limit: "0.10", per: "total" },
        { limit: 5, per: "day" },
        { name: "customers", limit: 2, per: "month", splitBy: "tag:customer", onExceed: "warn" },
        { name: "one call", limit: "0.50", per: "request" },
      ],
    },
    async (client) => {
      const input = { prompt: "a boat", image_size: "square_hd" as const };
      await client.with({ tags: { customer: "acme" } }).run("fal-ai/flux/dev", { input });
      await client.queue.submit("fal-ai/flux/dev", { input });
    },
  );
});

describe("fal-meter budget", () => {
  it("shows every registered budget with its money and when it begins anew", async () => {
    const { code, out, err } = await run(["budget"], { cwd: ledger.folder });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /everything\n\s+▓+▒+░+ 50 %\n\s+spent \$0\.025 · held \$0\.025 · \$0\.05 left of \$0\.10\n\s+never resets/,
    );
    expect(out).toMatch(/day \$5\n[^\n]+\n[^\n]+\n\s+resets in (\d+ h|\d+ min|\d+ s)/);
    expect(out).toMatch(/one call\n\s+each request up to \$0\.50/);
    expect(isPlain(out)).toBe(true);
  });

  it("shows a split budget for everyone it is split by", async () => {
    const { out } = await run(["budget"], { cwd: ledger.folder });
    expect(out).toContain("customers acme (only warns)");
    expect(out).toContain("customers (none) (only warns)");
  });

  it("counts an unnamed budget under what the meter counted it under", async () => {
    const { out } = await run(["budget", "--json"], { cwd: ledger.folder });
    const { budgets } = JSON.parse(out);
    expect(budgets.find(({ name }: { name: string }) => name === "day $5")).toMatchObject({
      spent: "0.025",
      held: "0.025",
      remaining: "4.95",
      per: "day",
      timezone: "Asia/Kathmandu",
    });
  });

  it("shows the others when one was registered in a way it does not know", async () => {
    const store = await openSqliteStore(ledger.store.slice("sqlite:".length));
    const value = JSON.stringify({
      budget: { limit: 1, per: "fortnight" },
      key: "k",
      timezone: "UTC",
      weekStart: "monday",
    });
    await store.putNote({ kind: "budget", key: "k", value, at: 0, expiresAt: null });
    await store.close();
    const { code, out } = await run(["budget", "--store", ledger.store]);
    expect(code).toBe(0);
    expect(out).toContain("everything");
    expect(out).toMatch(/registered as k cannot be shown: .*fortnight/);
  });

  it("says so where there is no ledger, and makes none", async () => {
    const folder = emptyFolder();
    const { code, out } = await run(["budget"], { cwd: folder });
    expect(code).toBe(0);
    expect(out).toContain("There is no ledger");
    expect(JSON.parse((await run(["budget", "--json"], { cwd: folder })).out)).toMatchObject({
      ledger: { exists: false },
      budgets: [],
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says so where a ledger has no budgets", async () => {
    const bare = await ledgerOf({}, (client) => client.run("fal-ai/flux/schnell", { input: { prompt: "a boat" } }));
    const { code, out } = await run(["budget"], { cwd: bare.folder });
    expect(code).toBe(0);
    expect(out).toContain("No budget is registered.");
  });
});

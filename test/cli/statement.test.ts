import { beforeAll, describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run } from "./command.ts";
import { monthLedger } from "./month-ledger.ts";

let ledger: Awaited<ReturnType<typeof monthLedger>>;

beforeAll(async () => {
  ledger = await monthLedger();
});

const statement = (...args: string[]) => run(["statement", ...args, "--store", ledger.store], { cwd: ledger.folder });

describe("fal-meter statement", () => {
  it("has a line for every price that was paid, and what is due under them", async () => {
    const { code, out, err } = await statement("2026-10");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Statement for 2026-10 in ");
    expect(out).toMatch(/^acme\/poster\s+request\s+\d+\s+\$0\.05\s/m);
    expect(out).toMatch(/^acme\/poster\s+request\s+\d+\s+\$0\.07\s/m);
    expect(out).toMatch(/^due\s+\$\d/m);
    expect(out).toMatch(/Payable by\s+2026-12-01/);
    expect(isPlain(out)).toBe(true);
  });

  it("is the bill of that month alone", async () => {
    const due = async (month: string) => Number(JSON.parse((await statement(month, "--json")).out).due);
    const [september, october, november] = await Promise.all(["2026-09", "2026-10", "2026-11"].map(due));
    expect(september).toBeGreaterThan(0);
    expect(november).toBeGreaterThan(0);
    expect(october).toBeGreaterThan(5 * (september! + november!));
    expect(await due("2026-08")).toBe(0);
  });

  it("gives the volume discount as a credit where it is told to", async () => {
    const { out } = await statement("2026-10", "--discounts", "volume", "--json");
    expect(JSON.parse(out).volumeCredit).toMatchObject({ percent: 0, amount: "0" });
    expect(JSON.parse((await statement("2026-10", "--json")).out).volumeCredit).toBeNull();
  });

  it("is written for people and for machines", async () => {
    const [html, md, csv] = await Promise.all(
      ["html", "md", "csv"].map(async (format) => (await statement("2026-10", "--format", format)).out),
    );
    expect(html).toMatch(/^<!doctype html>/);
    expect(md).toMatch(/^# Statement for 2026-10/);
    expect(csv).toContain("acme/poster,request,");
  });

  it("says so where there is no ledger", async () => {
    const { code, out } = await run(["statement", "2026-10"], { cwd: emptyFolder() });
    expect(code).toBe(0);
    expect(out).toContain("There is no ledger");
  });

  it.each([[["2026-13"]], [["october"]], [["2026-10", "--format", "pdf"]], [["2026-10", "--discounts", "all"]]])(
    "ends with 2 and one line for %j",
    async (args) => {
      const { code, out, err } = await statement(...args);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err.trim().split("\n")).toHaveLength(1);
    },
  );
});

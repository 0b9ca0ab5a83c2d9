import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { billedIn } from "../../scripts/month-bills.ts";
import { sparkline } from "../../src/cli/report-sparkline.ts";
import { decimal, fromNano } from "../../src/money.ts";
import { mandatoryColumns } from "../../src/report/focus.ts";
import { readCsv } from "../report/csv-reader.ts";
import { emptyFolder, isPlain, run } from "./command.ts";
import { ledgerOf } from "./ledger.ts";
import { monthLedger, OCTOBER } from "./month-ledger.ts";

let ledger: Awaited<ReturnType<typeof monthLedger>>;
/** What fal billed in October, in dollars. */
let billed: string;

beforeAll(async () => {
  ledger = await monthLedger();
  const [start, end] = [Date.parse("2026-09-30T22:00:00Z"), Date.parse("2026-10-31T23:00:00Z")];
  const bills = billedIn(ledger.month).bills.filter(({ at }) => at >= start && at < end);
  billed = fromNano(bills.reduce((total, { net }) => total + net, 0n)).toFixed();
});

const reported = (...args: string[]) => run(["report", ...args, "--store", ledger.store], { cwd: ledger.folder });

describe("fal-meter report", () => {
  it("puts a line of bars and the sums above the periods, and the groups under them", async () => {
    const { code, out, err } = await reported("week", ...OCTOBER, "--by", "tag:customer");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Spending by week, 2026-09-28 to 2026-10-31");
    expect(out).toContain("(Europe/Berlin)");
    expect(out).toMatch(/^ {2}[▁▂▃▄▅▆▇█]{5}$/m);
    expect(out).toMatch(/^2026-10-05\s+\$\d/m);
    expect(out).toMatch(/^\(none\)\s+\$\d/m);
    expect(out).toMatch(/^customer\s+\$\d/m);
    expect(isPlain(out)).toBe(true);
  });

  it("leaves out columns with nothing in them", async () => {
    const plain = await ledgerOf({}, (client) => client.run("fal-ai/flux/schnell", { input: { prompt: "a boat" } }));
    const { out } = await run(["report", "day"], { cwd: plain.folder });
    expect(out).toMatch(/day from\s+spent\s+purchases\s+change/);
    expect(out).not.toContain("refused");
  });

  it("prints the exact amounts as one JSON document, by either flag", async () => {
    const [flag, format] = await Promise.all([
      reported("month", ...OCTOBER, "--json"),
      reported("month", ...OCTOBER, "--format", "json"),
    ]);
    expect(JSON.parse(flag.out)).toMatchObject({
      ledger: { store: ledger.store, exists: true },
      timezone: "Europe/Berlin",
      totals: { spent: billed },
      periods: [{ state: "closed" }],
    });
    expect(format.out).toBe(flag.out);
  });

  it.each([
    ["csv", /^"By month"\r\n"month from",spent,held/],
    ["md", /^# Spending by month/],
    ["html", /^<!doctype html>[\s\S]*<\/html>\n$/],
  ])("writes %s as it is, and nothing else", async (format, pattern) => {
    const { code, out, err } = await reported("month", ...OCTOBER, "--format", format);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(pattern);
  });

  it("writes every charge into a FOCUS file, which comes to what was billed", async () => {
    const { code, out } = await reported("month", ...OCTOBER, "--format", "focus");
    expect(code).toBe(0);
    const [header, ...rows] = readCsv(out);
    expect(header).toEqual(expect.arrayContaining([...mandatoryColumns]));
    const cost = header!.indexOf("BilledCost");
    expect(rows.reduce((total, row) => total.add(row[cost]!), decimal(0)).toFixed()).toBe(billed);
  });

  it("refuses a FOCUS file of a part of the charges", async () => {
    const { code, out, err } = await reported("month", "--format", "focus", "--endpoint", "acme/*");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("a row for every charge");
  });

  it("says so where there is no ledger, and writes an empty document", async () => {
    const cwd = emptyFolder();
    expect((await run(["report", "day"], { cwd })).out).toContain("There is no ledger");
    const { code, out } = await run(["report", "day", "--json"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ledger: { exists: false }, totals: { spent: "0", calls: 0 } });
  });

  it.each([
    [["year"], "day, week, month"],
    [["day", "--by", "colour"], "--by"],
    [["day", "--since", "yesterday"], "--since"],
    [["day", "--format", "pdf"], "focus"],
    [["day", "--timezone", "Atlantis/Capital"], "timezone"],
  ])("ends with 2 and one line for %j", async (args, word) => {
    const { code, out, err } = await run(["report", ...args], { cwd: ledger.folder });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toContain(word);
  });

  it("ends with 1 for a ledger that is none", async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "ledger.db"), "a letter ".repeat(100));
    for (const command of [["report", "day"], ["statement"], ["advise"], ["what-if", "--cache", "1h"], ["alerts"]])
      expect((await run([...command, "--store", "sqlite:ledger.db"], { cwd })).code).toBe(1);
  });
});

describe("a line of bars", () => {
  it("is full at the largest, shows anything above nothing, and a dot for nothing", () => {
    expect(sparkline([0, 0.001, 4, 8].map(decimal))).toBe("·▁▄█");
    expect(sparkline([0, 0].map(decimal))).toBe("··");
    expect(sparkline([])).toBe("");
  });
});

import { join } from "node:path";
import { createMeter } from "fal-meter";
import { openSqliteStore } from "fal-meter/sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { budgets, trade } from "../browser/ledger.ts";
import { emptyFolder, isPlain, run } from "./command.ts";

const folder = emptyFolder();
const store = `sqlite:${join(folder, "ledger.db")}`;

beforeAll(async () => {
  const opened = await openSqliteStore(store.slice("sqlite:".length));
  await trade(opened, systemClock, 400);
  await opened.close();
});

describe("fal-meter trend", () => {
  it("shows the pace, the week, what budgets last and what the month will come to", async () => {
    const { code, out, err } = await run(["trend", "--store", store], { cwd: folder });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^ {2}[·▁▂▃▄▅▆▇█]{48} {2}the last 48 hours$/m);
    expect(out).toMatch(/an hour over the last 24 hours · \$[\d.]+ a day over the last 7 days/);
    expect(out).toMatch(/^ {2}\d{4}-\d\d will come to about \$[\d.,]+: between \$[\d.,]+ and \$[\d.,]+$/m);
    expect(out).toMatch(/^monday\s+\$[\d.]+\s+[█▏▎▍▌▋▊▉]+/m);
    expect(out).toMatch(/^Per customer of acme\s+\$/m);
    expect(out).not.toContain("One request");
    expect(isPlain(out)).toBe(true);
  });

  it("says as JSON what the meter says", async () => {
    const { out } = await run(["trend", "--store", store, "--json"], { cwd: folder });
    const told = JSON.parse(out);
    const opened = await openSqliteStore(store.slice("sqlite:".length));
    const meter = createMeter({ store: opened, budgets });
    const { days, weekdays } = JSON.parse(JSON.stringify(await meter.trend()));
    await meter.close();
    expect(told.days.slice(0, -1)).toEqual(days.slice(0, -1));
    expect(told.weekdays).toEqual(weekdays);
    expect(told.ledger).toEqual({ store, exists: true });
  });

  it("says so where there is no ledger", async () => {
    const { code, out } = await run(["trend"], { cwd: emptyFolder() });
    expect(code).toBe(0);
    expect(out).toContain("There is no ledger");
  });
});

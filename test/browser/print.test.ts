import { beforeAll, describe, expect, it } from "vitest";
import { createWindows } from "../../src/budget/window.ts";
import { createMeter } from "../../src/meter.ts";
import { calendarsOf } from "../../src/read-side.ts";
import { render } from "../../src/report/render.ts";
import { reportDocument } from "../../src/report/report-document.ts";
import { statementDocument } from "../../src/report/statement-document.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { accessibilityFindings, expectNoSidewaysScroll, openPage, shot } from "./chromium.ts";
import { trade } from "./ledger.ts";
import { stillClock } from "./served.ts";

/** What A4 leaves between the margins, in CSS pixels. */
const paper = { width: 680, height: 1_000 };

const pages: Record<string, string> = {};

beforeAll(async () => {
  const store = createMemoryStore();
  await trade(store, stillClock, 700);
  const meter = createMeter({ store, clock: stillClock });
  const calendars = calendarsOf(createWindows("UTC", "monday"), "UTC");
  pages.statement = render(statementDocument(await meter.statement(), calendars), "html");
  const report = await meter.report({ per: "day", by: ["endpoint", "tag:customer"] });
  pages.report = render(reportDocument(report, calendars), "html");
});

describe.each(["statement", "report"])("a %s on paper", (name) => {
  it("fits between the margins, breaks no word, and has its amounts' points under each other", async () => {
    const { page, complaints } = await openPage({ viewport: paper, colorScheme: "light" });
    await page.setContent(pages[name]!);
    await page.emulateMedia({ media: "print" });
    await expectNoSidewaysScroll(page);
    const tables = await page.locator("table").evaluateAll((all) =>
      all.map((table) => ({
        over: table.scrollWidth - (table.parentElement?.clientWidth ?? 0),
        tallest: Math.max(...[...table.querySelectorAll("tr")].map((row) => row.getBoundingClientRect().height)),
      })),
    );
    expect(tables.length).toBeGreaterThan(1);
    for (const { over, tallest } of tables) {
      expect(over).toBeLessThanOrEqual(0);
      // A long endpoint takes three lines, and not one for each letter.
      expect(tallest).toBeLessThan(66);
    }
    await shot(page, `${name}-print`);
    expect(complaints).toEqual([]);
  });

  it("is one file that prints to a few pages, and that everybody can read", async () => {
    const { page } = await openPage({ colorScheme: "light" });
    await page.setContent(pages[name]!);
    expect(await accessibilityFindings(page)).toEqual([]);
    const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
    expect(pdf.startsWith("%PDF-")).toBe(true);
    expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeLessThanOrEqual(3);
  });
});

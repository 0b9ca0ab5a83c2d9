import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetBar, doneBar, percent, shareBar } from "../../src/cli/bar.ts";
import { wrapped } from "../../src/cli/prose.ts";
import { ageOf, inWords } from "../../src/cli/span.ts";
import { moneyColumn, table } from "../../src/cli/table.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { decimal } from "../../src/money.ts";
import { plainName } from "../../src/report/plain-text.ts";
import { isPlain } from "./command.ts";
import { screen } from "./screen.ts";

const at = (columns: number) => createTerminal(screen(columns, 24).stream, { NO_COLOR: "1" });
const COLUMNS = [
  { title: "endpoint" },
  { title: "spent", align: "right" as const },
  { title: "cached", align: "right" as const, optional: true as const },
];

describe("a table", () => {
  it("aligns numbers right", () => {
    const [, , short = "", long = ""] = table(at(80), COLUMNS, [
      ["a/b", "$1.00", "1"],
      ["a/c", "$100.00", "10"],
    ]);
    expect(short.endsWith("  $1.00       1")).toBe(true);
    expect(short.length).toBe(long.length);
  });

  it("first gives up optional columns, then the end of the first one", () => {
    const rows = [["fal-ai/a-very-long-name/of-some-endpoint", "$100.00", "10"]];
    expect(table(at(80), COLUMNS, rows).join("\n")).toContain("cached");
    const narrow = table(at(36), COLUMNS, rows);
    expect(narrow.join("\n")).not.toContain("cached");
    expect(narrow.join("\n")).toContain("$100.00");
    for (const line of narrow) expect(line.length).toBeLessThanOrEqual(36);
  });

  it("gives up the last columns last", () => {
    const columns = [...COLUMNS, { title: "change", align: "right" as const, optional: "last" as const }];
    const rows = [["fal-ai/of-some-endpoint", "$100.00", "10", "$7.00"]];
    const shownAt = (width: number) => table(at(width), columns, rows)[0]!;
    expect(shownAt(80)).toContain("cached");
    expect([shownAt(44).includes("cached"), shownAt(44).includes("change")]).toEqual([false, true]);
    expect(shownAt(34)).not.toContain("change");
  });

  it("lines amounts up at their points, and says what is unknown", () => {
    expect(moneyColumn([decimal("0.04"), decimal("12.5"), decimal("0.0025"), null])).toEqual([
      "$0.04  ",
      "$12.50  ",
      "$0.0025",
      "unknown",
    ]);
  });
});

describe("a bar", () => {
  const { paint } = at(80);
  const share = fc.double({ min: -1, max: 3, noNaN: true });

  it("is as wide as it was asked to be, whatever the share", () => {
    fc.assert(
      fc.property(share, share, fc.integer({ min: 1, max: 80 }), (spent, held, width) => {
        const money = { spent: decimal(Math.max(0, spent)), held: decimal(Math.max(0, held)), limit: decimal(1) };
        expect(budgetBar(money, width, paint)).toHaveLength(width);
        expect(shareBar(spent, width)).toHaveLength(width);
        expect(doneBar(Math.round(spent * 10), 10, width, paint)).toHaveLength(width);
      }),
    );
  });

  it("shows spent, held and left, and the least of each", () => {
    expect(budgetBar({ spent: decimal("0.5"), held: decimal("0.2"), limit: decimal(1) }, 10, paint)).toBe("▓▓▓▓▓▒▒░░░");
    expect(budgetBar({ spent: decimal("0.0001"), held: decimal(0), limit: decimal(1) }, 10, paint)).toBe("▓░░░░░░░░░");
    expect(budgetBar({ spent: decimal("0.9999"), held: decimal(0), limit: decimal(1) }, 10, paint)).toBe("▓▓▓▓▓▓▓▓▓░");
    expect(budgetBar({ spent: decimal(0), held: decimal(0), limit: decimal(0) }, 10, paint)).toBe("░░░░░░░░░░");
    expect(budgetBar({ spent: decimal(2), held: decimal(0), limit: decimal(1) }, 10, paint)).toBe("▓▓▓▓▓▓▓▓▓▓");
  });

  it("rounds no money away", () => {
    expect([percent(0), percent(0.001), percent(0.626), percent(1)]).toEqual(["0 %", "<1 %", "63 %", "100 %"]);
  });
});

describe("words", () => {
  it("give a stretch of time in its two largest units", () => {
    const spans = [0, 999, 45_000, 60_000, 11_520_000, 3 * 86_400_000 + 3_600_000, 86_400_000 + 60_000];
    expect(spans.map(inWords)).toEqual(["0 s", "0 s", "45 s", "1 min", "3 h 12 min", "3 d 1 h", "1 d"]);
  });

  it("give an age, and none for what is no date", () => {
    const now = Date.parse("2026-11-23T12:00:00Z");
    expect(["2026-11-23", "2026-11-22", "2026-11-01", "ever"].map((date) => ageOf(date, now))).toEqual([
      "today",
      "1 day old",
      "22 days old",
      null,
    ]);
  });

  it("break between words and fit, with colours taking no room", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 20, max: 60 }),
        (words, columns) => {
          const lines = wrapped(words.map((word) => `\u001b[31m${word}\u001b[39m`).join(" "), columns, "  ").map(
            (line) => stripVTControlCharacters(line),
          );
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
          expect(lines.join(" ").split(/ +/).filter(Boolean)).toEqual(words);
        },
      ),
    );
  });

  it("keep the space that a sentence begins with", () => {
    expect(wrapped("  one two three", 9, "    ")).toEqual(["  one two", "    three"]);
  });

  it("from a ledger can be shown and nothing else, and are bounded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const shown = plainName(text);
        expect(isPlain(shown)).toBe(true);
        expect(shown).not.toMatch(/[\n\u2028-\u202e\u2066-\u2069]/);
        expect([...shown].length).toBeLessThanOrEqual(120);
      }),
    );
    expect(plainName("fal-ai/flux/dev · 日本")).toBe("fal-ai/flux/dev · 日本");
  });
});

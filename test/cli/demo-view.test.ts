import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { factsOf } from "../../src/cli/demo/facts.ts";
import { createLiveView } from "../../src/cli/demo/live-view.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import type { BookLine } from "../../src/emulator/emulator.ts";
import { decimal, toNano } from "../../src/money.ts";
import type { Entry, Hold } from "../../src/store/store.ts";
import { screen } from "./screen.ts";

const standing = {
  name: "day",
  limit: decimal(1),
  spent: decimal("0.5"),
  held: decimal("0.25"),
  remaining: decimal("0.25"),
  windowStart: null,
  resetsAt: null,
};

/** The last frame: what was drawn after the bars were cleared. */
function lastFrame(columns: number, rows: number): string[] {
  const { stream, written } = screen(columns, rows);
  const view = createLiveView(createTerminal(stream, {}));
  view.act(2, 5, "Speech, sound and film");
  for (let nth = 1; nth <= 30; nth++) {
    view.line({
      tone: "bought",
      endpointId: "fal-ai/wan-25-preview/text-to-video",
      paid: `$0.${nth}`,
      why: "estimated ".repeat(20),
    });
  }
  view.progress({ done: 20, running: 3, total: 40 });
  view.budget(standing);
  view.stop();
  view.stop();
  return stripVTControlCharacters(written().slice(written().lastIndexOf("\u001b[0J"))).split("\n");
}

describe("the live view", () => {
  it.each([
    [80, 24],
    [120, 40],
    [60, 12],
  ])("fits %i × %i with the newest calls, the act and both bars", (columns, rows) => {
    const lines = lastFrame(columns, rows);
    for (const line of lines) expect(line.length).toBeLessThan(columns);
    expect(lines.length).toBeLessThan(rows);
    const text = lines.join("\n");
    expect(text).toContain("$0.30");
    expect(text).not.toContain("$0.11 ");
    expect(text).toContain("2/5  Speech, sound and film");
    expect(text).toMatch(/calls\s+█+░+ 20\/40 {2}3 open/);
    expect(text).toMatch(/budget\s+▓+▒+░+/);
  });

  it("gives the cursor back", () => {
    const { stream, written } = screen(80, 24);
    createLiveView(createTerminal(stream, {})).stop();
    expect(written().lastIndexOf("\u001b[?25h")).toBeGreaterThan(written().lastIndexOf("\u001b[?25l"));
    expect(written().lastIndexOf("\u001b[?7h")).toBeGreaterThan(written().lastIndexOf("\u001b[?7l"));
  });
});

describe("the demo's facts", () => {
  const estimate = {
    low: null,
    expected: toNano(decimal("0.03")),
    high: null,
    unit: null,
    quantity: null,
    unitPrice: null,
    basis: "rate-card",
    source: "",
    asOf: null,
  };
  const bought = (requestId: string, actual: string): Entry => ({
    ...{
      id: requestId,
      kind: "purchase",
      endpointId: "a/b",
      transport: "run",
      tags: {},
      requestId,
      at: 0,
      settledAt: 0,
      outcome: "charged",
      estimate,
    },
    ...{
      actual: toNano(decimal(actual)),
      saved: 0n,
      discountPercent: 0,
      basis: "billed-units",
      billableUnits: null,
      charges: [],
      about: null,
      digest: null,
      note: null,
    },
  });
  const line = (requestId: string, amount: string): BookLine => ({
    ...{
      requestId,
      endpointId: "a/b",
      units: decimal(1),
      unit: "images",
      unitPrice: decimal(amount),
      amount: decimal(amount),
      at: 0,
      transport: "run",
    },
  });
  const lost = (amount: string): Hold => ({
    ...{
      id: "lost",
      at: 0,
      amount: toNano(decimal(amount)),
      charges: [],
      state: "unknown",
      requestId: null,
      sharers: 1,
      doubt: "cut",
    },
    purchase: { endpointId: "a/b", transport: "run", tags: {}, key: null, digest: null, estimate },
  });

  it("agree when every bill is the book's own, and the rest of the book is held", () => {
    const facts = factsOf(
      [bought("1", "0.04"), bought("2", "0.05")],
      [lost("0.03")],
      [line("1", "0.04"), line("2", "0.05"), line("3", "0.03")],
    );
    expect(facts.agree).toBe(true);
    expect([facts.estimate, facts.billed, facts.book, facts.lost.held, facts.lost.book].map(String)).toEqual([
      "0.06",
      "0.09",
      "0.09",
      "0.03",
      "0.03",
    ]);
  });

  it.each([
    ["one bill is a nano-dollar off", [bought("1", "0.040000001")], [], [line("1", "0.04")]],
    [
      "two mistakes make up for each other",
      [bought("1", "0.05"), bought("2", "0.04")],
      [],
      [line("1", "0.04"), line("2", "0.05")],
    ],
    ["the book has what the ledger does not", [bought("1", "0.04")], [], [line("1", "0.04"), line("2", "0.01")]],
    ["the ledger has what the book does not", [bought("1", "0.04")], [], []],
    ["less is held than was billed for the lost answer", [], [lost("0.03")], [line("1", "0.04")]],
  ])("do not agree when %s", (_name, entries, holds, book) => {
    expect(factsOf(entries, holds, book).agree).toBe(false);
  });

  it("say nothing of a book where there is none", () => {
    expect(factsOf([bought("1", "0.04")], [], null)).toMatchObject({ agree: null, book: null });
  });
});

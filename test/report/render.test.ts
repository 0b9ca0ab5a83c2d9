import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/money.ts";
import { csv } from "../../src/report/csv.ts";
import { amount, type Document, left, right, text } from "../../src/report/document.ts";
import { focus, focusCsv } from "../../src/report/focus.ts";
import { plainText } from "../../src/report/plain-text.ts";
import { readReport, readStatement } from "../../src/report/reading.ts";
import { type RenderFormat, render } from "../../src/report/render.ts";
import { reportDocument } from "../../src/report/report-document.ts";
import { statementDocument } from "../../src/report/statement-document.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { readCsv } from "./csv-reader.ts";
import { buy, day, entriesOf, hour, noon, note, tiers, utc } from "./ledger.ts";

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "\"><script>alert('1')</script>",
  "a & b <!-- ",
  "line\nbreak\r\n| cell | `code` [link](javascript:alert(1))",
  "\u001b[31mred\u001b]8;;http://evil.example\u0007",
  "=1+1",
  '=HYPERLINK("http://evil.example","x")',
  "+1",
  "-cmd|' /C calc'!A0",
  "@SUM(A1)",
  "\t=1+1",
  "  =1+1",
  "harmless;=1+1",
  'a,"b',
  "\u202egnp.exe",
  "https://evil.example www.evil.example me@evil.example",
  "$x^2$ *bold* _it_ # head <b>",
  "\ud800 half",
];

async function documents(name: string): Promise<{ report: Document; statement: Document; focus: string }> {
  const store = createMemoryStore();
  await buy(store, { id: "a", at: noon, endpointId: name, tags: { [name]: name }, cost: "1234.5678" });
  await buy(store, { id: "open", at: noon, endpointId: name, outcome: "open" });
  await buy(store, { id: "dark", at: noon, endpointId: name, cost: null });
  await store.record(note("refusal", { id: "r", at: noon, amount: "1", about: name, endpointId: name }));
  await store.record({
    ...note("correction", { id: "c", at: noon, amount: "-0.5", about: "a", endpointId: name }),
    note: name,
  });
  const reading = { store, calendars: utc, now: noon + day };
  const report = await readReport(reading, { per: "day", by: ["endpoint", `tag:${name}`] });
  const statement = await readStatement(reading, {
    at: noon,
    discounts: { mode: "volume", tiers },
    credits: [{ name, amount: 5, boughtAt: noon - hour }],
  });
  return {
    report: reportDocument(report, utc),
    statement: statementDocument(statement, utc),
    focus: focusCsv(focus({ entries: await entriesOf(store), calendars: utc }).rows),
  };
}

/** Text as HTML with every tag and every character reference taken away again. */
function textOf(html: string): string {
  const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
  return html.replace(/<[^>]*>/g, "").replace(/&(amp|lt|gt|quot|#39);/g, (found) => entities[found] ?? found);
}

function everyFormat(format: RenderFormat, check: (written: string, name: string) => void) {
  return async () => {
    for (const name of HOSTILE) {
      const { report, statement } = await documents(name);
      for (const document of [report, statement]) check(render(document, format), name);
    }
  };
}

describe("a hostile name", () => {
  test(
    "stays text in HTML",
    everyFormat("html", (html, name) => {
      const tags = new Set([...html.matchAll(/<\/?([a-z!][a-z0-9]*)/gi)].map(([, tag]) => tag!.toLowerCase()));
      const ours = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "dl",
        "dt",
        "dd",
        "section",
        "div",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "p",
      ];
      expect([...tags].filter((tag) => !ours.includes(tag))).toEqual([]);
      expect(html.replace(/="[^"]*"/g, "=")).not.toMatch(/<[^>]*\son\w+=/i);
      expect(html).not.toMatch(/[\p{Cs}\p{Bidi_Control}]/u);
      expect(html.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
      expect(html).toContain("default-src 'none'");
      expect(textOf(html.slice(html.indexOf("<main>")))).toContain(plainText(name));
    }),
  );

  test(
    "makes no markup, link, mention or cell in Markdown",
    everyFormat("md", (md) => {
      const bare = md.replace(/\\[\\`*_[\]<>|~&@$#!(){}:.]/g, "");
      const rows = bare.split("\n").filter((line) => line.startsWith("|"));
      for (const row of rows) expect(row.replaceAll("**", "")).not.toMatch(/[<>`[\]*_~&@$]|https?:|www\./i);
      for (const table of bare.split("\n\n").filter((part) => part.startsWith("|"))) {
        expect(
          new Set(
            table
              .trim()
              .split("\n")
              .map((line) => line.split("|").length),
          ).size,
        ).toBe(1);
      }
    }),
  );

  test(
    "moves no cursor and breaks no line in a table",
    everyFormat("table", (table) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(table.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      for (const section of table.split("\n\n").slice(1)) {
        const lines = section.split("\n");
        expect(lines.slice(1, 4).every((line) => [...line].length <= [...lines[2]!].length)).toBe(true);
      }
    }),
  );

  test(
    "is no formula in CSV",
    everyFormat("csv", (text) => {
      for (const row of text
        .split("\r\n\r\n")
        .flatMap((part) => readCsv(part.endsWith("\r\n") ? part : `${part}\r\n`))) {
        for (const cell of row)
          if (!/^-?\d+(\.\d+)?$/.test(cell)) expect(cell).not.toMatch(/^\s*[=+\-@]|[;\t]\s*[=+\-@]/);
      }
    }),
  );

  test(
    "comes back from JSON as it was",
    everyFormat("json", (json, name) => {
      expect(JSON.stringify(JSON.parse(json))).toContain(JSON.stringify(name));
    }),
  );

  test("is no formula in a FOCUS export", async () => {
    for (const name of HOSTILE) {
      const { focus: text } = await documents(name);
      const [header, ...rows] = readCsv(text);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) {
        expect(row).toHaveLength(header!.length);
        for (const cell of row) if (!/^-?\d+(\.\d+)?$/.test(cell)) expect(cell).not.toMatch(/^\s*[=+\-@]/);
      }
    }
  });
});

describe("formats", () => {
  test("write the same money: for people with a dollar sign, for machines exactly", async () => {
    const { statement } = await documents("a/b");
    expect(render(statement, "table")).toMatch(
      /a\/b +image +1 +\$1,234\.5678 +1 +\$1,234\.5678 +\$0\.00 +\$1,234\.5678/,
    );
    expect(render(statement, "md")).toContain("| a/b | image | 1 | \\$1,234.5678 |");
    expect(render(statement, "html")).toContain(
      '<td>a/b</td><td>image</td><td class="right">1</td><td class="right">$1,234.5678</td>',
    );
    expect(render(statement, "csv")).toContain("\r\na/b,image,1,1234.5678,1,1234.5678,0,1234.5678\r\n");
    expect(JSON.parse(render(statement, "json"))).toMatchObject({
      ledgerTotal: "1234.0678",
      lines: [{ net: "1234.5678" }],
      due: "1229.0678",
    });
  });

  test("put text to the left and figures to the right of a table", () => {
    const cells = (name: string, value: string) => [text(name), amount(decimal(value))];
    const section = {
      heading: "Costs",
      columns: [left("what"), right("usd")],
      rows: [cells("a", "1"), cells("long name", "1000.25")],
      total: cells("all", "1001.25"),
    };
    expect(render({ title: "T", facts: [], sections: [section], data: {} }, "table")).toBe(
      [
        "T",
        "",
        "Costs",
        "what             usd",
        "────────────────────",
        "a              $1.00",
        "long name  $1,000.25",
        "────────────────────",
        "all        $1,001.25",
        "",
      ].join("\n"),
    );
  });

  test("keep HTML to itself: nothing is fetched and nothing runs", async () => {
    const { report } = await documents("a/b");
    const html = render(report, "html");
    expect(html).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|\shref=|\ssrc=/i);
    expect(html).toMatch(/color-scheme: light dark/);
    expect(html).toMatch(/@media print/);
  });

  test("refuse one they do not know by name", async () => {
    const { report } = await documents("a/b");
    expect(() => render(report, "pdf" as RenderFormat)).toThrow(expect.objectContaining({ option: "format" }));
  });
});

test("CSV comes back as it went in, but for what could harm", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      (rows) => {
        const back = readCsv(csv(rows));
        expect(back).toHaveLength(rows.length);
        for (const [y, row] of rows.entries()) {
          for (const [x, cell] of row.entries()) {
            const read = back[y]![x]!;
            expect(read.replaceAll("'", "")).toBe(
              /^-?\d+(\.\d+)?$/.test(cell) ? cell : plainText(cell).replaceAll("'", ""),
            );
          }
        }
      },
    ),
  );
});

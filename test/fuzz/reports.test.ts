import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFalClient, type SpendBy, type Tags } from "../../src/index.ts";
import { sum } from "../../src/money.ts";
import { readReport } from "../../src/report/reading.ts";
import { render } from "../../src/report/render.ts";
import { reportDocument } from "../../src/report/report-document.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { utc } from "../report/ledger.ts";
import type { Answer } from "./answer.ts";
import { createFar } from "./play.ts";
import { ended, quickRealm, SleepersClock } from "./realm.ts";
import { cases, withSeed } from "./seed.ts";

quickRealm();

const HOSTILE = [
  ...[
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "toString",
    "length",
    "null",
    "",
    " ",
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
  ],
  ...[
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=y>",
    "&amp;",
    "a,b",
    'a"b',
    "a\nb\r\nc",
    "|a|",
    "`x`",
    "[x](javascript:y)",
  ],
  ...[
    "\u001b[31m",
    "\u0000",
    "\u202e",
    "\ud800",
    "💥".repeat(60),
    "x".repeat(256),
    "0",
    "9007199254740993",
    "tag:customer",
    "*",
    "a*b",
  ],
];
const name = fc.oneof(
  fc.constantFrom(...HOSTILE.filter((text) => text !== "" && text.length <= 64)),
  fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
);
const value = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 30 }));

/** Labels with own members of any name. */
const tags: fc.Arbitrary<Tags> = fc.array(fc.tuple(name, value), { maxLength: 3 }).map((pairs) => {
  const made = {};
  for (const [key, text] of pairs)
    Object.defineProperty(made, key, { value: text, enumerable: true, configurable: true, writable: true });
  return made;
});

/** Of characters that a path may hold once they are escaped. */
const endpointId = fc.oneof(
  fc.constant("fal-ai/flux-pro/v1.1"),
  fc
    .constantFrom(...HOSTILE)
    .filter((text) => !/\p{Surrogate}/u.test(text) && text.trim() !== "")
    .map((text) => `acme/${text}`),
);

const BILLED: Answer = {
  kind: "answer",
  status: 200,
  headers: [
    ["content-type", "application/json"],
    ["x-fal-billable-units", "1"],
  ],
  body: { kind: "pieces", pieces: [new TextEncoder().encode("{}")] },
};

interface Bought {
  endpointId: string;
  tags: Tags;
}

const bought = fc.array(fc.record<Bought>({ endpointId, tags }), { minLength: 1, maxLength: 5 });

async function check(calls: Bought[], split: string): Promise<void> {
  const store = createMemoryStore();
  const clock = new SleepersClock();
  const far = createFar();
  far.begin([BILLED], () => {});
  const budgets = [
    { limit: 100, per: "day" as const, splitBy: `tag:${split}` as const },
    { limit: 100, per: "total" as const, splitBy: "endpoint" as const },
  ];
  const options = { store, clock, budgets, onUnknownPrice: { assume: "0.01" } };
  const { meter } = createFalClient({ credentials: "id:secret", fetch: far.fetch, meter: options });
  const ids: string[] = [];
  meter.on("call-sent", ({ purchaseId }) => ids.push(purchaseId));
  for (const call of calls) {
    const path = call.endpointId.split("/").map(encodeURIComponent).join("/");
    await meter.with({ tags: call.tags }).fetch(`https://fal.run/${path}`, { method: "POST", body: "{}" });
  }
  expect(ids).toHaveLength(far.paid);

  const names = [...new Set([split, ...calls.flatMap((call) => Object.keys(call.tags))])];
  const whole = await meter.spend();
  expect(whole.calls).toBe(calls.length);
  for (const part of ["endpoint", "basis", "day", ...names.map((each) => `tag:${each}`)] as SpendBy[]) {
    const { spent, groups } = await meter.spend({ by: [part] });
    expect(sum(groups!.map((group) => group.spent)).eq(spent)).toBe(true);
    expect(spent.eq(whole.spent)).toBe(true);
    expect(groups!.reduce((count, group) => count + group.calls, 0)).toBe(calls.length);
  }
  // Each call is found by each of its own labels.
  for (const call of calls) {
    expect((await meter.spend({ tags: call.tags })).calls).toBe(
      calls.filter((other) => carries(other, call.tags)).length,
    );
  }
  for (const [index, id] of ids.entries()) {
    const receipt = await meter.receipt(id);
    expect(Object.entries(receipt!.tags)).toEqual(Object.entries(calls[index]!.tags));
    expect(receipt!.endpointId).toBe(calls[index]!.endpointId);
    JSON.stringify(receipt);
  }
  for (const standing of await meter.budgets()) expect(standing.spent.lte(whole.spent)).toBe(true);

  const made = await readReport(
    { store, calendars: utc, now: clock.now() + 1 },
    { per: "day", by: ["endpoint", ...names.map((each) => `tag:${each}` as const)] },
  );
  const document = reportDocument(made, utc);
  expect(render(document, "html")).not.toMatch(/<script>|<img src=x|javascript:y"/);
  for (const format of ["md", "table", "csv"] as const) render(document, format);
  await meter.close();
}

function carries({ tags: own }: Bought, wanted: Tags): boolean {
  return Object.entries(wanted).every(([key, text]) => Object.hasOwn(own, key) && own[key] === text);
}

describe(`hostile labels and endpoints ${withSeed}`, () => {
  test("are counted once, found again and shown as text by every report", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(bought, name, (calls, split) => ended(check(calls, split))),
      cases(500),
    );
  });
});

import { describe, expect, test } from "vitest";
import type { MeterEvent } from "../../src/events.ts";
import { decimal, zero } from "../../src/money.ts";
import { alertId, readAlert, writtenAlert } from "../../src/report/alert.ts";
import { alertBody, alertLine, discordMessage, slackMessage } from "../../src/report/alert-format.ts";
import { eventAlert, holdAlerts, standingAlerts, trendAlerts } from "../../src/report/alerts.ts";
import type { Standing } from "../../src/report/burn.ts";
import { trend } from "../../src/report/trend.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { TotalsRow } from "../../src/store/store.ts";
import { buy, day, hour, nano, noon, utc } from "./ledger.ts";

function standing(spent: number, rest: Partial<Standing> = {}): Standing {
  const window = { windowStart: new Date(noon - 12 * hour), resetsAt: new Date(noon + 12 * hour) };
  return {
    name: "daily",
    limit: decimal(10),
    spent: decimal(spent),
    held: zero,
    remaining: decimal(10 - spent),
    ...window,
    ...rest,
  };
}

const ids = (alerts: readonly { id: string }[]) => alerts.map(({ id }) => id);

describe("standings", () => {
  test.each([
    [4.99, []],
    [5, ["usage-threshold 0.5"]],
    [8.5, ["usage-threshold 0.8"]],
    [10, ["budget-exhausted 1"]],
  ])("with $%d of $10 used raise %j", (spent, raised) => {
    expect(standingAlerts([standing(spent)], noon).map(({ kind, facts }) => `${kind} ${facts.threshold}`)).toEqual(
      raised,
    );
  });

  test("count what is held, and let a budget of zero be reached by the first call only", () => {
    expect(standingAlerts([standing(4, { held: decimal(1) })], noon)).toHaveLength(1);
    expect(standingAlerts([standing(0, { limit: zero })], noon)).toEqual([]);
    expect(standingAlerts([standing(0, { limit: zero, held: decimal("0.01") })], noon)).toMatchObject([
      { kind: "budget-exhausted" },
    ]);
  });

  test("raise one alert per threshold, window and customer", () => {
    const all = [
      ...standingAlerts([standing(5)], noon),
      ...standingAlerts([standing(6)], noon + hour),
      ...standingAlerts([standing(9)], noon + hour),
      ...standingAlerts([standing(5, { split: "acme" }), standing(5, { split: "globex" })], noon),
      ...standingAlerts([standing(5, { resetsAt: new Date(noon + 36 * hour) })], noon + day),
    ];
    expect(new Set(ids(all)).size).toBe(all.length - 1);
  });

  test("raise a rolling budget's once a day, although its window moves", () => {
    const at = (ms: number) =>
      standingAlerts([standing(5, { resetsAt: new Date(ms + 1) })], ms, { rolling: ["daily"] });
    expect(ids(at(noon))).toEqual(ids(at(noon + hour)));
    expect(ids(at(noon))).not.toEqual(ids(at(noon + day)));
  });

  test("and the event of the same threshold are the same alert", () => {
    const [fromStanding] = standingAlerts([standing(8)], noon);
    const event: MeterEvent = {
      type: "budget-warned",
      at: noon + 5,
      budget: "daily",
      fraction: 0.8,
      limit: decimal(10),
      spent: decimal(8),
      held: zero,
      resetsAt: new Date(noon + 12 * hour),
    };
    expect(eventAlert(event)!.id).toBe(fromStanding!.id);
  });
});

test("a trend raises budgets that will run out, and the wild days of today and yesterday", () => {
  const row = (at: number, dollars: number): TotalsRow => ({
    endpointId: "a/b",
    tags: {},
    bucket: at,
    basis: null,
    spent: nano(dollars),
    held: 0n,
    saved: 0n,
    calls: 1,
    charged: 1,
    cached: 0,
    joined: 0,
    refused: 0,
    unknown: 0,
    estimated: 0n,
  });
  const rows = [
    // The wild day five days ago was told of five days ago.
    ...Array.from({ length: 20 }, (_, i) => row(noon - (i + 1) * day, i === 4 ? 40 : 1)),
    row(noon - hour, 8),
  ];
  const standings = [standing(8), standing(1, { name: "slow", limit: decimal(1_000), remaining: decimal(999) })];
  const alerts = trendAlerts(trend({ rows, budgets: standings, at: noon, calendars: utc }), standings);
  expect(alerts.map(({ kind, facts }) => [kind, facts.budget ?? facts.day])).toEqual([
    ["forecast-exceeds", "daily"],
    ["anomaly", "2026-11-01T00:00:00.000Z"],
  ]);
});

test("a hold of unknown fate is told of once it is an hour old", async () => {
  const store = createMemoryStore();
  await buy(store, { id: "lost", at: noon, cost: "0.50", outcome: "open" });
  await buy(store, { id: "running", at: noon, outcome: "open" });
  await store.doubt("lost", "reset", noon);
  const holds = await store.openHolds({ limit: 10 });
  expect(holdAlerts(holds, noon + hour - 1)).toEqual([]);
  const id = "hold-undecided|fal-ai%2Fflux-pro%2Fv1.1|2026-11-01";
  expect(holdAlerts(holds, noon + hour)).toMatchObject([
    { id, facts: { held: "0.5", calls: "1", firstPurchase: "lost" } },
  ]);
  const lost = holds.find(({ state }) => state === "unknown")!;
  const third = { ...lost, id: "third", amount: null };
  const earlier = { ...lost, id: "earlier", at: noon - day };
  expect(holdAlerts([lost, { ...lost, id: "second" }, third, earlier], noon + hour)).toMatchObject([
    { id, facts: { held: "1", calls: "3" } },
    { id: id.replace("11-01", "10-31"), facts: { held: "0.5", calls: "1" } },
  ]);
  expect(holdAlerts([third], noon + hour)).toMatchObject([{ facts: { held: null } }]);
});

describe("events", () => {
  const call = { purchaseId: "p", endpointId: "a/b", tags: {}, at: noon };
  const told: [MeterEvent, string][] = [
    [
      {
        ...call,
        type: "budget-refused",
        budget: "daily",
        limit: decimal(1),
        spent: decimal(1),
        held: zero,
        requested: decimal(2),
        resetsAt: null,
      },
      "budget-refused|daily|total",
    ],
    [
      { type: "rate-limited", at: noon + 5, endpointId: "a/b", retryAfterMs: null },
      "rate-limited|a%2Fb|2026-11-01T12%3A00%3A00.000Z",
    ],
    [
      {
        type: "price-changed",
        at: noon,
        endpointId: "a/b",
        before: "0.01",
        after: "0.02",
        effectiveFrom: new Date(noon),
      },
      "price-changed|a%2Fb|0.02|2026-11-01T12%3A00%3A00.000Z",
    ],
    [
      {
        type: "price-drift",
        at: noon,
        endpointId: "a/b",
        estimated: decimal(1),
        actual: decimal(2),
        basis: "billed-units",
      },
      "price-drift|a%2Fb|2026-11-01",
    ],
    [{ ...call, type: "hold-expired", amount: null }, "hold-expired|a%2Fb|2026-11-01"],
    [
      { type: "store-failed", at: noon, store: "sqlite:x", verb: "hold", message: "busy" },
      "store-failed|sqlite%3Ax|hold|2026-11-01T12%3A00%3A00.000Z",
    ],
  ];
  test.each(told)("of kind %o are alerts", (event, id) => {
    expect(eventAlert(event)).toMatchObject({ id, at: new Date(event.at) });
  });

  test("of everyday calls are none", () => {
    expect(eventAlert({ ...call, type: "call-sent", waitedMs: 3 })).toBeNull();
  });
});

test("ids tell any parts apart, half characters included", () => {
  expect(alertId("a|b", "c")).not.toBe(alertId("a", "b|c"));
  expect(alertId("\ud800")).toBe(alertId("\ufffd"));
});

test("an alert comes back from its text", () => {
  const [alert] = standingAlerts([standing(8)], noon);
  expect(readAlert(writtenAlert(alert!))).toEqual(alert);
});

describe("a hostile budget name", () => {
  const name = "<!channel> @everyone [x](http://evil.example) \u001b[31m*bold*";
  const [alert] = standingAlerts([standing(8, { name })], noon);

  test("mentions nobody and links nowhere in Slack and Discord", () => {
    const slack = slackMessage(alert!).text;
    expect(slack).not.toMatch(/[<>]/);
    const discord = discordMessage(alert!);
    expect(discord.allowed_mentions).toEqual({ parse: [] });
    expect(discord.content.replace(/\\[\\`*_~|<>[\]()#@:]/g, "")).not.toMatch(/[*[\]<>@]|http:/);
  });

  test("moves no cursor", () => {
    for (const written of [alertLine(alert!), slackMessage(alert!).text, discordMessage(alert!).content])
      expect(written).not.toContain("\u001b");
  });

  test("stays within what a chat takes", () => {
    const [long] = standingAlerts([standing(8, { name: "x".repeat(5_000) })], noon);
    expect(discordMessage(long!).content.length).toBeLessThanOrEqual(2_000);
    expect(alertBody(long!, "slack").length).toBeLessThan(4_000);
  });
});

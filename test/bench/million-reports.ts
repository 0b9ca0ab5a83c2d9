/** How long a report and the dashboard take over a ledger of a million entries, on SQLite and on Redis. */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createDashboard } from "../../src/dashboard/dashboard.ts";
import { createMeter } from "../../src/index.ts";
import { connectRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { launchChromium } from "../browser/launch.ts";
import { launchRedis } from "../store/redis-process.ts";
import { type Figure, percentile } from "./figure.ts";
import { fillSqlite, fillStore, MILLION } from "./million-entries.ts";

const REPORT_MS = 150;
const PAINT_MS = 1_000;
const TIMES = 7;

/** Wednesday afternoon; the year before it has the million. */
const now = Date.UTC(2026, 10, 11, 15, 20);
const clock: Clock = { now: () => now, sleep: systemClock.sleep };

export async function millionReports(folder: string): Promise<Figure[]> {
  const path = `${folder}/million.db`;
  await fillSqlite(path, MILLION, now);
  const sqlite = await openSqliteStore(path);
  const figures = [...(await reports("SQLite", sqlite)), ...(await firstPaint(sqlite))];
  await sqlite.close();
  return [...figures, ...(await onRedis())];
}

async function onRedis(): Promise<Figure[]> {
  const server = await launchRedis();
  try {
    const store = await connectRedisStore({ url: server.url, timeoutMs: 60_000, clock });
    await fillStore(store, MILLION, now);
    const figures = await reports("Redis", store);
    await store.close();
    return figures;
  } finally {
    await server.close();
  }
}

async function reports(where: string, store: Store): Promise<Figure[]> {
  const meter = createMeter({ store, clock });
  const questions: [name: string, ask: () => Promise<unknown>][] = [
    ["the last 7 days", () => meter.report({ per: "day" })],
    ["the last 8 weeks", () => meter.report({ per: "week" })],
    ["the last 12 months", () => meter.report({ per: "month" })],
    ["all spending", () => meter.spend()],
    ["all spending, by endpoint", () => meter.spend({ by: ["endpoint"] })],
  ];
  const figures: Figure[] = [];
  for (const [name, ask] of questions) {
    const measured = await median(ask);
    figures.push({ name: `report, ${where}, ${name}`, measured, unit: "ms", target: { atMost: REPORT_MS } });
  }
  return figures;
}

/** From the address being opened; once warm, for the first page of a process also compiles it. */
async function firstPaint(store: Store): Promise<Figure[]> {
  const dashboard = createDashboard({ store, clock });
  const server = createAdaptorServer({ fetch: dashboard.fetch, overrideGlobalObjects: false }) as Server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await launchChromium();
  const painted: number[] = [];
  const shown: number[] = [];
  const drawn: number[] = [];
  try {
    for (let time = 0; time < TIMES; time += 1) {
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
      await page.goto(url, { waitUntil: "commit" });
      const since = () => page.evaluate(() => performance.now());
      await page.locator("body[data-state=shown]").waitFor();
      shown.push(await since());
      await page.locator("#chart canvas").waitFor();
      drawn.push(await since());
      painted.push(
        await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN),
      );
      await page.context().close();
    }
  } finally {
    await browser.close();
    dashboard.close();
    server.closeAllConnections();
    server.close();
  }
  const figure = (name: string, samples: readonly number[], target: Figure["target"]): Figure => ({
    name: `dashboard, SQLite, ${name}`,
    measured: percentile(samples, 0.5),
    unit: "ms",
    target,
  });
  return [
    figure("first paint", painted, { atMost: PAINT_MS }),
    figure("the four figures shown", shown, { atMost: PAINT_MS }),
    figure("everything drawn", drawn, null),
  ];
}

async function median(ask: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const begun = performance.now();
    await ask();
    took.push(performance.now() - begun);
  }
  return percentile(took, 0.5);
}

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { onTestFinished } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createDashboard, type DashboardOptions } from "../../src/dashboard/dashboard.ts";

/** A Wednesday afternoon. */
export const afternoon = Date.UTC(2026, 10, 11, 15, 20);

/** It is always that afternoon; what sleeps by it sleeps for real. */
export const stillClock: Clock = { now: () => afternoon, sleep: systemClock.sleep };

/** A dashboard on a port of its own, gone after the test. */
export async function served(options: DashboardOptions): Promise<string> {
  const dashboard = createDashboard(options);
  const server = createAdaptorServer({ fetch: dashboard.fetch, overrideGlobalObjects: false }) as Server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    dashboard.close();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

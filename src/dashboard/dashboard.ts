import { type Context, Hono } from "hono";
import { advicePrices } from "../advice-prices.ts";
import { isMeterError, OptionsError, StoreError } from "../errors.ts";
import { createPricer } from "../price/pricer.ts";
import { resolvePrices } from "../price/prices-options.ts";
import { createAccess } from "./access.ts";
import { outlookOf } from "./advice.ts";
import { answer, html, json, refused } from "./answer.ts";
import { createAssets } from "./assets.ts";
import { budgetsOf } from "./budgets.ts";
import { callsOf } from "./calls.ts";
import { groupsOf, seriesOf, summaryOf } from "./figures.ts";
import { type Filter, oneOf, readFilter, wholeNumber } from "./filter.ts";
import { createLedgers, type Ledger } from "./ledger.ts";
import { createLive } from "./live.ts";
import { type DashboardOptions, resolveDashboard } from "./options.ts";
import { ENTRY, PAGE, TOKEN_NEEDED } from "./page.ts";
import { METRICS_TYPE, metricsOf } from "./prometheus.ts";

export { isLoopbackName } from "./access.ts";
export type { DashboardOptions } from "./options.ts";

export interface Dashboard {
  /** Answers a request. Mount it anywhere that takes a fetch handler: Hono, `@hono/node-server`, a route handler. */
  fetch(request: Request): Promise<Response>;
  /** Ends the open pages' streams. The store stays open. */
  close(): void;
}

/**
 * A page that shows a ledger, live, and the same as JSON under `api/` and for Prometheus under `metrics`. Read-only.
 *
 * Gotchas: it shows every endpoint, tag and amount to whoever is let in. Without a `token` that is whoever reaches it by a
 * loopback name; under any other name a token must be given.
 * @example
 * const dashboard = createDashboard({ store: await openSqliteStore(".fal-meter/ledger.db") });
 * serve({ fetch: dashboard.fetch, port: 8788, hostname: "127.0.0.1" });
 * @throws OptionsError naming `dashboard.…`
 */
export function createDashboard(options: DashboardOptions): Dashboard {
  const resolved = resolveDashboard(options);
  const access = createAccess(resolved);
  const ledgers = createLedgers(resolved);
  const live = createLive(resolved, ledgers);
  const assets = createAssets();
  // The bundled ones: a ledger does not say which rates its meters were given.
  const prices = advicePrices(createPricer(resolvePrices()));
  const app = new Hono();
  const under = (path: string) => `${resolved.basePath}${path}`;

  /** Answers a question about the ledger; before there is one, that there is none. */
  const asked =
    (question: (ledger: Ledger, filter: Filter, parameters: URLSearchParams) => Promise<unknown>) =>
    async (context: Context) => {
      const parameters = new URL(context.req.url).searchParams;
      const ledger = await ledgers.now();
      if (!ledger) return refused(404, "no-ledger", "There is no ledger yet. A meter makes it with its first call.");
      return json(await question(ledger, readFilter(parameters, ledger.at, ledger.calendars), parameters));
    };

  app.use("*", async ({ req: { raw } }, next) => {
    if (raw.method !== "GET" && raw.method !== "HEAD") {
      return refused(405, "read-only", "The dashboard is read-only: only GET and HEAD are answered.", {
        allow: "GET, HEAD",
      });
    }
    const admission = access.admit(raw);
    switch (admission.kind) {
      case "wrong-host":
        return refused(
          403,
          "wrong-host",
          "This dashboard does not answer under this host name; the option hosts names others.",
        );
      case "token-needed":
        return tokenNeeded(raw);
      case "cookie":
        // Read from here on without the token in the address; the next request comes from this page and carries the cookie.
        return html(ENTRY, 200, { "set-cookie": admission.cookie });
      case "admitted":
        return next();
    }
  });

  app.get(under("/api/summary"), asked(summaryOf));
  app.get(under("/api/series"), asked(seriesOf));
  app.get(
    under("/api/groups"),
    asked((ledger, filter, parameters) => {
      const by = oneOf(parameters.get("by") ?? "endpoint", ["endpoint", "tag"] as const, "by");
      return groupsOf(ledger, filter, by, parameters.get("name"));
    }),
  );
  app.get(
    under("/api/calls"),
    asked((ledger, filter, parameters) => {
      const limit = wholeNumber(parameters.get("limit"), { least: 1, most: 200, byDefault: 50 }, "limit");
      const before = wholeNumber(
        parameters.get("before"),
        { least: 0, most: Number.MAX_SAFE_INTEGER, byDefault: 0 },
        "before",
      );
      return callsOf(ledger, filter, { limit, before: before === 0 ? null : before });
    }),
  );
  app.get(under("/api/budgets"), asked(budgetsOf));
  app.get(
    under("/api/advice"),
    asked((ledger) => outlookOf(ledger, live.alerts(), prices)),
  );
  app.get(under("/api/events"), ({ req: { raw } }) => {
    const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };
    if (raw.method === "HEAD") return answer(null, 200, headers);
    const stream = live.listen();
    return stream
      ? answer(stream, 200, headers)
      : refused(503, "too-many-listeners", "Too many pages are open already; close one.", { "retry-after": "10" });
  });
  app.get(under("/metrics"), async () =>
    answer(await metricsOf(await ledgers.now()), 200, { "content-type": METRICS_TYPE }),
  );
  // The page's own addresses are relative, so it must stand under a name that ends in a slash.
  if (resolved.basePath) app.get(resolved.basePath, () => answer(null, 308, { location: `${resolved.basePath}/` }));
  app.get(under("/"), () => html(PAGE));
  app.get(under("/:file"), async ({ req }) => (await assets.get(req.param("file") ?? "", req.raw)) ?? notFound());
  app.notFound(notFound);
  app.onError(failed);

  return { fetch: async (request) => app.fetch(request), close: live.close };
}

function tokenNeeded(request: Request): Response {
  const message = "Give the token, as Authorization: Bearer TOKEN or once as ?token=TOKEN in the address.";
  const headers = { "www-authenticate": 'Bearer realm="fal-meter"' };
  if (request.headers.get("accept")?.includes("text/html")) return html(TOKEN_NEEDED, 401, headers);
  return refused(401, "token-needed", message, headers);
}

function notFound(): Response {
  return refused(404, "not-found", "There is nothing here.");
}

function failed(error: Error): Response {
  if (error instanceof OptionsError) return refused(400, "bad-request", error.message);
  if (error instanceof StoreError || isMeterError(error))
    return refused(503, "ledger-failed", `The ledger cannot be read: ${error.message}`);
  return refused(500, "failed", "The dashboard failed.");
}

import { type Decimal, sum, toNano } from "../money.ts";
import { json, readJson } from "./body.ts";
import type { Book, BookLine } from "./book.ts";
import { familyOf } from "./family.ts";
import { type Jobs, replyOf } from "./jobs.ts";
import type { Settings } from "./options.ts";
import type { PriceList } from "./prices.ts";
import { type PlatformErrorType, platformRefusal, type Refusal } from "./refusal.ts";
import { buckets, groupLines, isTimeframe } from "./usage.ts";
import type { Visit } from "./visit.ts";

/** A question that fal would not answer. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(status: number, type: PlatformErrorType, message: string) {
    super(message);
    this.refusal = platformRefusal(status, type, message);
  }
}

const IDS_MAX = 50;
const SPAN_MAX_MS = 90 * 86_400_000;
const LIMIT_MAX = 10_000;

/** `api.fal.ai/v1`: what things cost, what was bought and what is left (fal's Platform API spec). */
export class Platform {
  readonly #settings: Settings;
  readonly #prices: PriceList;
  readonly #book: Book;
  readonly #jobs: Jobs;

  constructor(parts: { settings: Settings; prices: PriceList; book: Book; jobs: Jobs }) {
    this.#settings = parts.settings;
    this.#prices = parts.prices;
    this.#book = parts.book;
    this.#jobs = parts.jobs;
  }

  async answer(visit: Visit): Promise<Response> {
    try {
      return json(200, await this.#answer(visit));
    } catch (error) {
      if (error instanceof Refused) return json(error.refusal.status, error.refusal.body);
      throw error;
    }
  }

  #answer(visit: Visit): unknown {
    const query = visit.url.searchParams;
    switch (`${visit.request.method} ${visit.asked.path}`) {
      case "GET /v1/models/pricing":
        return this.#pricing(query);
      case "POST /v1/models/pricing/estimate":
        return this.#estimate(visit.request);
      case "GET /v1/models":
        return this.#models(query);
      case "GET /v1/models/requests/by-endpoint":
        return this.#requests(query);
      case "GET /v1/models/billing-events":
        needAdmin(visit.request);
        return this.#billingEvents(query);
      case "GET /v1/models/usage":
        needAdmin(visit.request);
        return this.#usage(query);
      case "GET /v1/account/billing":
        needAdmin(visit.request);
        return this.#account(query);
      default:
        throw new Refused(404, "not_found", `No such path: ${visit.asked.path}`);
    }
  }

  #pricing(query: URLSearchParams): unknown {
    const endpointIds = idsOf(query, "endpoint_id");
    if (endpointIds.length === 0) throw new Refused(400, "validation_error", "endpoint_id is required");
    const prices = endpointIds.map((endpointId) => {
      const { unit, unitPrice } = this.#listed(endpointId);
      return { endpoint_id: endpointId, unit_price: unitPrice.toNumber(), unit, currency: "USD" };
    });
    return this.#page("prices", prices, query);
  }

  async #estimate(request: Request): Promise<unknown> {
    const body = await readJson(request);
    const asked = ("value" in body ? body.value : null) as { estimate_type?: unknown; endpoints?: unknown } | null;
    const { estimate_type: type, endpoints } = asked ?? {};
    if ((type !== "unit_price" && type !== "historical_api_price") || typeof endpoints !== "object" || !endpoints) {
      throw new Refused(400, "validation_error", "estimate_type and endpoints are required");
    }
    const costs = Object.entries(endpoints as Record<string, Record<string, unknown> | null>).map(
      ([endpointId, wanted]) => {
        const quantity = wanted?.[type === "unit_price" ? "unit_quantity" : "call_quantity"];
        if (typeof quantity !== "number" || !(quantity > 0)) {
          throw new Refused(400, "validation_error", `${endpointId} needs a quantity above zero`);
        }
        return (type === "unit_price" ? this.#listed(endpointId).unitPrice : this.#usualCost(endpointId)).mul(quantity);
      },
    );
    return { estimate_type: type, total_cost: sum(costs).toNumber(), currency: "USD" };
  }

  #usualCost(endpointId: string): Decimal {
    const total = this.#book.byEndpoint().get(endpointId);
    if (!total) throw new Refused(404, "not_found", `No calls of ${endpointId} yet`);
    return total.amount.div(total.calls);
  }

  #models(query: URLSearchParams): unknown {
    const wanted = idsOf(query, "endpoint_id");
    const words = query.get("q")?.toLowerCase() ?? "";
    const endpointIds = wanted.length > 0 ? wanted : this.#prices.endpointIds().filter((id) => id.includes(words));
    const models = endpointIds.map((endpointId) => ({
      endpoint_id: endpointId,
      metadata: {
        display_name: endpointId,
        category: familyOf(endpointId, this.#listed(endpointId).unit),
        status: "active",
      },
    }));
    return this.#page("models", models, query);
  }

  #requests(query: URLSearchParams): unknown {
    const endpointIds = idsOf(query, "endpoint_id");
    if (endpointIds.length === 0) throw new Refused(400, "validation_error", "endpoint_id is required");
    const requestIds = idsOf(query, "request_id");
    const payloads = query.get("expand")?.includes("payloads") ?? false;
    const [from, until] = [timeOf(query, "start") ?? 0, timeOf(query, "end") ?? Number.POSITIVE_INFINITY];
    const jobs = this.#jobs
      .all()
      .filter(({ endpointId, acceptedAt: at }) => endpointIds.includes(endpointId) && at >= from && at < until);
    const items = jobs
      .filter((job) => requestIds.length === 0 || requestIds.includes(job.requestId))
      .map((job) => ({
        request_id: job.requestId,
        endpoint_id: job.endpointId,
        sent_at: instant(job.acceptedAt),
        started_at: job.startedAt === null ? null : instant(job.startedAt),
        ended_at: job.endedAt === null ? null : instant(job.endedAt),
        status_code: job.state === "COMPLETED" ? replyOf(job).status : null,
        ...(payloads ? { json_input: job.work.input } : null),
      }))
      .reverse();
    return this.#page("items", items, query);
  }

  #billingEvents(query: URLSearchParams): unknown {
    const requestIds = idsOf(query, "request_id");
    const endpointIds = idsOf(query, "endpoint_id");
    const events = this.#linesBetween(query)
      .filter((line) => requestIds.length === 0 || requestIds.includes(line.requestId))
      .filter((line) => endpointIds.length === 0 || endpointIds.includes(line.endpointId))
      .map((line) => ({
        request_id: line.requestId,
        endpoint_id: line.endpointId,
        timestamp: instant(line.at),
        output_units: line.units.toNumber(),
        ...costOf(line.unitPrice, line.amount),
        cost_estimate_nano_usd: Number(toNano(line.amount)),
      }));
    return this.#page("billing_events", events, query);
  }

  #usage(query: URLSearchParams): unknown {
    const endpointIds = idsOf(query, "endpoint_id");
    const timeframe = query.get("timeframe") ?? "day";
    if (!isTimeframe(timeframe))
      throw new Refused(400, "validation_error", "timeframe is minute, hour, day, week or month");
    const expand = query.getAll("expand").flatMap((word) => word.split(","));
    const lines = this.#linesBetween(query).filter(
      (line) => endpointIds.length === 0 || endpointIds.includes(line.endpointId),
    );
    const series = buckets(lines, timeframe).map(([at, within]) => ({
      bucket: instant(at),
      results: usageLines(within),
    }));
    return {
      ...(expand.includes("summary") ? { summary: usageLines(lines) } : null),
      ...(expand.includes("time_series") || !expand.includes("summary")
        ? this.#page("time_series", series, query)
        : { next_cursor: null, has_more: false }),
    };
  }

  #account(query: URLSearchParams): unknown {
    const { balance } = this.#settings;
    const left = balance === null ? null : balance.sub(this.#book.total()).toNumber();
    const credits = query.get("expand")?.includes("credits")
      ? { credits: { current_balance: left, currency: "USD" } }
      : null;
    return { username: "emulator", ...credits };
  }

  #listed(endpointId: string) {
    const price = this.#prices.listed(endpointId);
    if (!price) throw new Refused(404, "not_found", `Endpoint not found: ${endpointId}`);
    return price;
  }

  #linesBetween(query: URLSearchParams): BookLine[] {
    const end = timeOf(query, "end") ?? this.#settings.clock.now() + 1;
    const start = timeOf(query, "start") ?? end - SPAN_MAX_MS;
    if (end - start > SPAN_MAX_MS)
      throw new Refused(400, "validation_error", "start and end are at most 90 days apart");
    return this.#book.lines.filter((line) => line.at >= start && line.at < end);
  }

  /** The cursor is where the next page starts, in a form that nobody is tempted to compute with. */
  #page(name: string, rows: readonly unknown[], query: URLSearchParams): Record<string, unknown> {
    const limit = Number(query.get("limit") ?? this.#settings.pageSize);
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX)) {
      throw new Refused(400, "validation_error", `limit is a whole number from 1 to ${LIMIT_MAX}`);
    }
    const cursor = query.get("cursor");
    const start =
      cursor === null ? 0 : Number(/^from:(\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString())?.[1]);
    if (Number.isNaN(start)) throw new Refused(400, "validation_error", "cursor is not one of ours");
    const end = start + Math.min(limit, this.#settings.pageSize);
    const more = end < rows.length;
    const next = more ? Buffer.from(`from:${end}`).toString("base64url") : null;
    return { [name]: rows.slice(start, end), next_cursor: next, has_more: more };
  }
}

function usageLines(lines: readonly BookLine[]): unknown[] {
  return groupLines(lines, (line) => line.endpointId).map(([endpointId, group]) => ({
    endpoint_id: endpointId,
    unit: group[0].unit,
    quantity: sum(group.map((line) => line.units)).toNumber(),
    ...costOf(group[0].unitPrice, sum(group.map((line) => line.amount))),
    currency: "USD",
  }));
}

function costOf(unitPrice: Decimal, amount: Decimal) {
  const cost = amount.toNumber();
  return {
    unit_price: unitPrice.toNumber(),
    percent_discount: 0,
    cost_subtotal: cost,
    cost_discount: 0,
    cost_total: cost,
  };
}

/** A list of ids, comma-separated or repeated. */
function idsOf(query: URLSearchParams, name: string): string[] {
  const ids = query
    .getAll(name)
    .flatMap((part) => part.split(","))
    .map((id) => id.trim())
    .filter(Boolean);
  if (ids.length > IDS_MAX) throw new Refused(400, "validation_error", `${name} takes at most ${IDS_MAX} ids`);
  return ids;
}

function timeOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Refused(400, "validation_error", `${name} is an ISO 8601 time`);
  return time;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Bills and balances are for admin keys; here, for any key that starts with `admin`. */
function needAdmin(request: Request): void {
  if (!/^(?:Key|Bearer) admin/i.test(request.headers.get("authorization") ?? "")) {
    throw new Refused(403, "authorization_error", "An admin key is needed");
  }
}

import { emulated } from "./address.ts";
import { json } from "./body.ts";
import type { Cashier } from "./cashier.ts";
import type { Connection } from "./connection.ts";
import type { Faults, Mishap } from "./fault.ts";
import type { Jobs } from "./jobs.ts";
import type { Settings } from "./options.ts";
import { refuse } from "./order.ts";
import { platformRefusal, type Refusal, refusal } from "./refusal.ts";
import { PAID_KINDS, type RequestKind, readAddress, type Visit, type Visits } from "./visit.ts";

/** What answers each kind of request once it is let in. */
export type Rooms = Readonly<Record<RequestKind, (visit: Visit) => Response | Promise<Response>>>;

/** Kinds that need a key when keys are required. Media, uploads to a signed address and public keys are open to all. */
const KEYED: readonly RequestKind[] = [
  ...PAID_KINDS,
  "status",
  "status-stream",
  "result",
  "cancel",
  "token",
  "platform",
];

/**
 * Where every request comes in: it is written down, met by the faults that are armed, asked for its key, answered, and
 * met by the faults again. In this order, so that a request that a fault drops was seen but never accepted.
 */
export class Door {
  readonly #settings: Settings;
  readonly #visits: Visits;
  readonly #faults: Faults;
  readonly #jobs: Jobs;
  readonly #cashier: Cashier;
  readonly #rooms: Rooms;
  readonly #closing: AbortSignal;

  constructor(parts: {
    settings: Settings;
    visits: Visits;
    faults: Faults;
    jobs: Jobs;
    cashier: Cashier;
    rooms: Rooms;
    closing: AbortSignal;
  }) {
    this.#settings = parts.settings;
    this.#visits = parts.visits;
    this.#faults = parts.faults;
    this.#jobs = parts.jobs;
    this.#cashier = parts.cashier;
    this.#rooms = parts.rooms;
    this.#closing = parts.closing;
  }

  async answer(request: Request, connection: Connection): Promise<Response> {
    const visit = this.#enter(request);
    if (visit instanceof Response) return visit;
    const mishaps = this.#faults.strike(visit.asked.kind, visit.record.endpointId);
    for (const mishap of mishaps) {
      if (typeof mishap === "object" && "delayMs" in mishap) {
        await this.#settings.clock.sleep(mishap.delayMs, this.#closing);
      }
      if (typeof mishap === "object" && "units" in mishap) visit.units = mishap.units;
    }
    if (mishaps.includes("drop-before-accept")) return connection.cut();
    const response = this.#turnAway(visit, mishaps) ?? (await this.#rooms[visit.asked.kind](visit));
    if (mishaps.includes("drop-after-accept")) return connection.cut();
    if (mishaps.includes("drop-mid-body")) return connection.cutHalfway(response);
    visit.record.status = response.status;
    return mishaps.includes("malformed-json") ? garbled(response) : response;
  }

  /** Reads the address, through `x-fal-target-url` where the emulator stands as the client's proxy. */
  #enter(request: Request): Visit | Response {
    let url = new URL(request.url);
    if (url.pathname === "/proxy") {
      const target = request.headers.get("x-fal-target-url") ?? "";
      const behind = URL.canParse(target) ? emulated(new URL(target), url) : null;
      if (!behind) return refuse(refusal(412, "x-fal-target-url must be an address of fal"));
      url = behind;
    }
    const asked = readAddress(request.method, url.pathname);
    const job = asked.requestId === null ? null : this.#jobs.find(asked.requestId);
    const record: Visit["record"] = {
      ...asked,
      endpointId: job?.endpointId ?? asked.endpointId,
      method: request.method,
      at: this.#settings.clock.now(),
      paid: false,
      status: null,
    };
    this.#visits.add(record);
    return { request, url, asked, record, units: undefined };
  }

  #turnAway(visit: Visit, mishaps: readonly Mishap[]): Response | null {
    const { kind, host } = visit.asked;
    const platform = kind === "platform";
    // A proxy brings the key of its own server, so what comes through it has one.
    const anonymous =
      !/^(?:Key|Bearer) \S/i.test(visit.request.headers.get("authorization") ?? "") &&
      !visit.url.searchParams.has("fal_jwt_token") &&
      !visit.request.headers.has("x-fal-target-url");
    const keyed = KEYED.includes(kind) || (kind === "upload" && host !== "");
    if (this.#settings.requireKey && keyed && anonymous) {
      return platform
        ? said(platformRefusal(401, "authorization_error", "Authentication is required"))
        : refuse(refusal(401));
    }
    if (mishaps.includes("lose-result")) return refuse(refusal(404, "Request not found"));
    for (const mishap of mishaps) {
      if (typeof mishap !== "object" || !("status" in mishap)) continue;
      this.#charge(visit, mishap.headers);
      const usual = platform
        ? platformRefusal(mishap.status, mishap.status === 429 ? "rate_limited" : "server_error", "An armed fault")
        : refusal(mishap.status);
      return refuse({
        status: mishap.status,
        body: mishap.body ?? usual.body,
        headers: { ...usual.headers, ...mishap.headers },
      });
    }
    return null;
  }

  /** A refusal that says it used units has used them. */
  #charge(visit: Visit, headers: Readonly<Record<string, string>> = {}): void {
    const units = new Headers(headers).get("x-fal-billable-units");
    const { kind, endpointId } = visit.asked;
    if ((kind !== "run" && kind !== "stream") || endpointId === null || units === null) return;
    this.#cashier.billRefusal(endpointId, kind, units);
  }
}

function said({ status, body, headers }: Refusal): Response {
  return json(status, body, headers);
}

/** The same status and headers, and a body that stops in the middle of a word. */
async function garbled(response: Response): Promise<Response> {
  const text = await response.text();
  const headers = new Headers(response.headers);
  headers.set("content-type", "application/json");
  return new Response(`${text.slice(0, Math.ceil(text.length / 2))}~`, { status: response.status, headers });
}

/** A fal for the month: it prices, discounts and bills by whole nano-dollars, without a line of the meter's own arithmetic. */

/** One thing that was billed, in nano-dollars. */
export interface Bill {
  /** When it was ordered, in milliseconds since the epoch. */
  at: number;
  endpointId: string;
  customer: string | null;
  gross: bigint;
  net: bigint;
}

export interface MonthFal {
  readonly fetch: typeof fetch;
  readonly bills: readonly Bill[];
  /** How many were ordered in a range and never billed, or their answer lost. */
  openBetween(start: number, end: number): number;
}

/** A poster costs more from here on. */
export const PRICE_CHANGES_AT = "2026-10-16";

interface Order {
  at: number;
  endpointId: string;
  customer: string | null;
  /** Nano-dollars by the price list. */
  gross: bigint;
}

/** Whose call it is, which the body does not say: the script makes one call at a time and tells. */
export interface Caller {
  customer: string | null;
}

export function createMonthFal(random: () => number, now: () => number, caller: Caller): MonthFal {
  const bills: Bill[] = [];
  const open = new Map<string, Order>();
  const charged = new Map<string, number>();
  let requests = 0;

  /** From the 1,000th purchase of a month on it is 5 % less, from the 5,001st on 10 %. fal's own count of units has no discount. */
  function bill({ at, endpointId, customer, gross }: Order, discounted: boolean) {
    const month = monthOf(at);
    const nth = (charged.get(month) ?? 0) + 1;
    charged.set(month, nth);
    const percent = !discounted || nth < 1_000 ? 0n : nth < 5_001 ? 5n : 10n;
    bills.push({ at, endpointId, customer, gross, net: gross - (gross * percent) / 100n });
  }

  async function answer(url: URL, init: RequestInit | undefined): Promise<Response> {
    requests += 1;
    const requestId = `request-${requests}`;
    const job = /^\/acme\/film\/requests\/(request-\d+)$/.exec(url.pathname)?.[1];
    if (job !== undefined) return collect(job);
    const endpointId = url.pathname.slice(1);
    const input = JSON.parse(String(init?.body)) as Input;
    const luck = random();
    const headers = { "x-fal-request-id": requestId };
    if (luck < 0.04) return json({ detail: "down" }, 500, headers);
    if (luck < 0.06) return json({ detail: "no such thing" }, 404, headers);
    if (luck < 0.07) return json({ detail: "a bad prompt" }, 422, { ...headers, "x-fal-billable-units": "0" });
    const order = { at: now(), endpointId, customer: caller.customer, gross: grossOf(endpointId, input, now()) };
    if (luck < 0.08) {
      open.set(requestId, order);
      throw Object.assign(new TypeError("fetch failed"), {
        cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }),
      });
    }
    if (url.hostname === "queue.fal.run") {
      open.set(requestId, order);
      const at = `https://queue.fal.run/acme/film/requests/${requestId}`;
      return json(
        {
          status: "IN_QUEUE",
          request_id: requestId,
          response_url: at,
          status_url: `${at}/status`,
          cancel_url: `${at}/cancel`,
          queue_position: 0,
        },
        200,
        headers,
      );
    }
    if (endpointId !== "fal-ai/flux/dev") {
      bill(order, true);
      return json({ images: [] }, 200, headers);
    }
    // Thousandths of a megapixel, at 2.5 cents each whole one.
    const thousandths = 500n + BigInt(Math.floor(random() * 1_000));
    bill({ ...order, gross: thousandths * 25_000n }, false);
    return json({ images: [] }, 200, {
      ...headers,
      "x-fal-billable-units": `${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, "0")}`,
    });
  }

  function collect(job: string): Response {
    const order = open.get(job);
    if (!order) return json({ detail: "unknown" }, 404, {});
    open.delete(job);
    bill(order, true);
    return json({ video: {} }, 200, { "x-fal-request-id": job });
  }

  return {
    fetch: (input, init) => answer(new URL(input instanceof Request ? input.url : input), init),
    bills,
    openBetween: (start, end) => [...open.values()].filter(({ at }) => at >= start && at < end).length,
  };
}

interface Input {
  num_images?: number;
  image_size?: { width: number };
  duration?: number;
}

function grossOf(endpointId: string, { num_images = 1, image_size, duration = 0 }: Input, at: number): bigint {
  switch (endpointId) {
    case "fal-ai/flux-pro/v1.1":
      return BigInt(num_images) * ({ 512: 20_000_000n, 768: 30_000_000n }[image_size?.width ?? 0] ?? 40_000_000n);
    case "fal-ai/recraft-v3":
      return 30_000_000n;
    case "acme/poster":
      return at < Date.parse(PRICE_CHANGES_AT) ? 50_000_000n : 70_000_000n;
    case "acme/film":
      return BigInt(duration) * 12_300_000n;
    default:
      return 25_000_000n;
  }
}

/** Of Berlin, whose clocks went back on 25 October 2026 at 01:00 UTC. */
function monthOf(at: number): string {
  const hours = at < Date.parse("2026-10-25T01:00:00Z") ? 2 : 1;
  return new Date(at + hours * 3_600_000).toISOString().slice(0, 7);
}

function json(value: unknown, status: number, headers: Record<string, string>): Response {
  return new Response(JSON.stringify(value), { status, headers: { ...headers, "content-type": "application/json" } });
}

import { randomUUID } from "node:crypto";
import { json, readJson } from "./body.ts";
import type { Job, Order } from "./jobs.ts";
import { type Refusal, refusal } from "./refusal.ts";
import type { Visit } from "./visit.ts";

/** Reads what is ordered: from the body, or from the query of a GET. */
export async function readOrder(visit: Visit): Promise<Omit<Order, "transport"> | Response> {
  const endpointId = visit.asked.endpointId!;
  const units = visit.units;
  if (visit.request.method === "GET") {
    return {
      endpointId,
      input: Object.fromEntries([...visit.url.searchParams].map(([name, text]) => [name, typed(text)])),
      units,
    };
  }
  const body = await readJson(visit.request);
  if ("value" in body) return { endpointId, input: body.value, units };
  if (body.failure === "too-large") return refuse(refusal(413));
  const refused = refusal(422, "JSON decode error");
  return refuse({ ...refused, headers: { "x-fal-billable-units": "0" } });
}

/** A query carries numbers and booleans as text; a model reads them as what they are. */
function typed(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

/** A refusal has a request id of its own, though nothing was bought under it. */
export function refuse({ status, body, headers }: Refusal): Response {
  return json(status, body, { "x-fal-request-id": randomUUID(), ...headers });
}

/** The headers of a final answer: whose it is, and the bill. */
export function jobHeaders(job: Job): Record<string, string> {
  const units = job.unitsHeader === null ? null : { "x-fal-billable-units": job.unitsHeader };
  return { "x-fal-request-id": job.requestId, ...units };
}

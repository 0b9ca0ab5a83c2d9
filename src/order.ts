/** A paid request, read and priced: everything that the stations will ask of it. */
import { type Cacheability, cacheability } from "./cache/cacheability.ts";
import { inputDigest, wireKey } from "./cache/key.ts";
import type { ResolvedCache } from "./cache/options.ts";
import type { Uploads } from "./cache/uploads.ts";
import { type Call, type EndpointId, purchaseId, type Scope, type Tags, type Transport } from "./call.ts";
import type { Clock } from "./clock.ts";
import { OptionsError } from "./errors.ts";
import { estimateRecord } from "./ledger/entry.ts";
import { type Decimal, dollars } from "./money.ts";
import { draftInput } from "./price/draft.ts";
import { type Estimate, unknownEstimate } from "./price/estimate.ts";
import { type KnownFiles, noFiles } from "./price/known-files.ts";
import type { LivePrices } from "./price/live-prices.ts";
import type { Pricer } from "./price/pricer.ts";
import type { EstimateRecord } from "./store/store.ts";
import { filesIn, readFiles } from "./wire/input-files.ts";
import type { MediaFacts } from "./wire/media-facts.ts";
import { type FetchArguments, hasWebhook, queryOf, readInput, type WireRequest, withInput } from "./wire/request.ts";

export interface Order {
  readonly call: Call;
  readonly request: WireRequest;
  /** What is sent: the caller's own arguments, unless a draft was asked for. */
  readonly args: FetchArguments;
  readonly scope: Scope;
  /** The fetch that does the sending. */
  readonly via: typeof fetch;
  readonly maxCost: Decimal | null;
  readonly webhook: boolean;
  readonly sharing: Cacheability;
  /** Covers everything that the result depends on; `null` where the body cannot be read. */
  readonly key: string | null;
  /** Of the input alone. */
  readonly digest: string | null;
  readonly estimate: Estimate;
  readonly record: EstimateRecord;
  /** Why no estimate could be made from this input, where it is absurd. */
  readonly unpriced: OptionsError | null;
}

/** What every event about a call says. */
export function callFacts({ call }: Order, at: number) {
  return { purchaseId: call.id, endpointId: call.endpointId, tags: call.tags, at };
}

/** What every entry about a call says. */
export function occurrenceOf({ call, record, digest }: Order, at: number) {
  return { call, at, estimate: record, digest };
}

/** What a price is made from. */
export interface Quoting {
  clock: Clock;
  pricer: Pricer;
  /** `null` where prices come from the bundled list alone. */
  live: LivePrices | null;
  /** Knows what is in the files that this process uploaded. */
  uploads: Pick<Uploads<MediaFacts>, "factsOf"> | null;
}

/** A price, and the files that it was made from. */
export interface Quote {
  estimate: Estimate;
  files: KnownFiles;
}

export interface OrderParts extends Quoting {
  tags: Tags;
  draft: boolean;
  cache: { options: ResolvedCache; uploads: Uploads } | null;
}

export async function readOrder(
  paid: { transport: Transport; endpointId: EndpointId },
  request: WireRequest,
  scope: Scope,
  via: typeof fetch,
  parts: OrderParts,
): Promise<Order> {
  const { endpointId, transport } = paid;
  const body = await readInput(request);
  const json = body.kind === "json";
  const draft =
    json && (scope.draft ?? parts.draft) && request.method !== "GET" ? draftInput(endpointId, body.value) : null;
  const input = draft ? draft.input : json ? body.value : undefined;
  const tags = scope.tags ? { ...parts.tags, ...scope.tags } : parts.tags;
  const call: Call = {
    id: purchaseId(parts.clock.now()),
    endpointId,
    transport,
    input,
    tags,
    priority: scope.priority ?? 0,
  };
  const { estimate, files, unpriced } = json
    ? await priced(parts, call)
    : { estimate: unknownEstimate(endpointId, "its input is not JSON"), files: noFiles, unpriced: null };
  if (json) await parts.cache?.uploads.recall(input);
  const webhook = hasWebhook(request);
  const keys = json
    ? keysOf(`${endpointId}${queryOf(request)}`, input, parts.cache?.uploads)
    : { key: null, digest: null };
  return {
    call,
    request,
    args: draft ? withInput(request, input) : request.args,
    scope,
    via,
    maxCost: scope.maxCost === undefined ? null : dollars(scope.maxCost, "maxCost"),
    webhook,
    sharing: cacheability(
      {
        transport,
        method: request.method,
        input: json ? { kind: "json", value: input } : body,
        header: request.header,
        webhook,
        scope,
      },
      parts.cache?.options ?? null,
    ),
    ...keys,
    estimate,
    record: estimateRecord(estimate, json && !unpriced ? parts.pricer.shapeOf(endpointId, input, files) : null),
    unpriced,
  };
}

/** An absurd input has no estimate. Whether that refuses the call is the budgets' business, not the price's. */
async function priced(parts: Quoting, call: Call): Promise<Quote & { unpriced: OptionsError | null }> {
  try {
    return { ...(await quote(parts, call.endpointId, call.input)), unpriced: null };
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    return { estimate: unknownEstimate(call.endpointId, error.message), files: noFiles, unpriced: error };
  }
}

/**
 * What a request will cost now. Waits for fal's pricing API only where nothing else is known of the price, and looks into the files of
 * the input only where the price is not settled without.
 * @throws OptionsError for an absurd input, naming the field
 */
export async function quote(
  { clock, pricer, live, uploads }: Quoting,
  endpointId: EndpointId,
  input: unknown,
): Promise<Quote> {
  let estimate = pricer.estimate(endpointId, input, clock.now());
  const news = live?.freshen(endpointId, estimate.expected !== null);
  if (news) {
    await news;
    estimate = pricer.estimate(endpointId, input, clock.now());
  }
  const found = estimate.confidence === "exact" ? [] : filesIn(input);
  if (found.length === 0) return { estimate, files: noFiles };
  const files = await readFiles(found, (fileUrl) => uploads?.factsOf(fileUrl));
  if (files.size > 0) estimate = pricer.estimate(endpointId, input, clock.now(), files);
  return { estimate, files };
}

/** A body that has no canonical form (deeper than any endpoint takes) is sent as it is, and shared with nobody. */
function keysOf(resource: string, input: unknown, uploads: Uploads | undefined) {
  try {
    return { key: wireKey(resource, input, uploads), digest: inputDigest(input) };
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    return { key: null, digest: null };
  }
}

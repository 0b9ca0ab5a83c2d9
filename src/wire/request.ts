/** What `fetch` is called with. */
export type FetchArguments = readonly [input: string | URL | Request, init?: RequestInit | undefined];

/** A request as it came, with the parts the meter looks at. The arguments themselves are passed on untouched. */
export interface WireRequest {
  readonly args: FetchArguments;
  /** Where it is meant for: the address behind a proxy, where there is one. */
  readonly url: URL;
  readonly method: string;
  readonly signal: AbortSignal | undefined;
  header(name: string): string | null;
}

/** The client puts the real address here when it talks to a proxy (@fal-ai/client 1.10.1, `middleware`). */
const TARGET_URL_HEADER = "x-fal-target-url";

/** Reads the arguments of `fetch`; `null` where they name no absolute address, which is `fetch`'s own error to raise. */
export function readRequest(args: FetchArguments): WireRequest | null {
  const [input, init] = args;
  const request = input instanceof Request ? input : undefined;
  const header = (name: string) => headerOf(init?.headers ?? request?.headers, name);
  const url = parseUrl(header(TARGET_URL_HEADER)) ?? parseUrl(request ? request.url : String(input));
  if (!url) return null;
  return {
    args,
    url,
    method: (init?.method ?? request?.method ?? "GET").toUpperCase(),
    signal: init?.signal ?? request?.signal ?? undefined,
    header,
  };
}

function parseUrl(text: string | null): URL | undefined {
  return text !== null && URL.canParse(text) ? new URL(text) : undefined;
}

/** Looks one header up in any of the shapes that `fetch` takes, without building a `Headers` for it. */
function headerOf(headers: RequestInit["headers"] | undefined, name: string): string | null {
  if (!headers) return null;
  if (headers instanceof Headers) return headers.get(name);
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  for (const pair of pairs) if (pair[0]?.toLowerCase() === name) return String(pair[1]);
  return null;
}

/** The body of a paid request, as far as it can be read without disturbing it. */
export type WireInput = { kind: "json"; value: unknown } | { kind: "opaque" };

/** Longer bodies are not parsed (64 Mi characters); their price is unknown. */
const LONGEST_BODY = 64 * 1024 * 1024;

const opaque: WireInput = { kind: "opaque" };

/**
 * The input of a paid request: its JSON body, or the query of a GET, with numbers and booleans read back from the text.
 * Streams and forms are opaque: reading them would disturb what is sent.
 */
export async function readInput(request: WireRequest): Promise<WireInput> {
  if (request.method === "GET") return { kind: "json", value: inputOfQuery(request.url) };
  const [input, init] = request.args;
  const body = init?.body ?? undefined;
  if (typeof body === "string") return parse(body);
  if (body instanceof Uint8Array || body instanceof ArrayBuffer) return parse(new TextDecoder().decode(body));
  if (body instanceof Blob) return body.size > LONGEST_BODY ? opaque : parse(await body.text());
  if (body !== undefined) return opaque;
  if (!(input instanceof Request) || input.bodyUsed || !input.body) return { kind: "json", value: undefined };
  return parse(await input.clone().text());
}

function parse(text: string): WireInput {
  if (text.length > LONGEST_BODY) return opaque;
  if (text === "") return { kind: "json", value: undefined };
  try {
    return { kind: "json", value: JSON.parse(text) };
  } catch {
    return opaque;
  }
}

const WEBHOOK_PARAMETER = "fal_webhook";
const NUMBER = /^-?\d+(\.\d+)?$/;

function inputOfQuery(url: URL): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, text] of url.searchParams) {
    if (name === WEBHOOK_PARAMETER) continue;
    if (NUMBER.test(text)) input[name] = Number(text);
    else if (text === "true" || text === "false") input[name] = text === "true";
    else input[name] = text;
  }
  return input;
}

/** True when fal is asked to call back; such a job cannot be answered by anyone but fal. */
export function hasWebhook(request: WireRequest): boolean {
  return request.url.searchParams.has(WEBHOOK_PARAMETER);
}

/** What a POST asks for beside its body, sorted; the webhook changes who is told, not what is made. A GET's query is its input. */
export function queryOf(request: WireRequest): string {
  if (request.method === "GET" || request.url.search === "") return "";
  const query = new URLSearchParams(request.url.search);
  query.delete(WEBHOOK_PARAMETER);
  query.sort();
  return query.size > 0 ? `?${query}` : "";
}

/** The same request with another JSON input and, where given, another signal. */
export function withInput(request: WireRequest, value: unknown): FetchArguments {
  const [input, init] = request.args;
  return [input, { ...init, body: JSON.stringify(value) }];
}

/** The same request under another signal. */
export function withSignal(args: FetchArguments, signal: AbortSignal): FetchArguments {
  const [input, init] = args;
  return [input, { ...init, signal }];
}

/** A GET of another address by whoever sent this request: with the same key and through the same proxy. */
export function asSenderOf(request: WireRequest, url: string, init: RequestInit): FetchArguments {
  const [input, { headers: own } = {}] = request.args;
  const headers = new Headers(own ?? (input instanceof Request ? input.headers : undefined));
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
  const isProxied = headers.has(TARGET_URL_HEADER);
  if (isProxied) headers.set(TARGET_URL_HEADER, url);
  const address = input instanceof Request ? input.url : String(input);
  return [isProxied ? address : url, { ...init, headers }];
}

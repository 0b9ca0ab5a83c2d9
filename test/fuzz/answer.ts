import fc from "fast-check";

/** What fal, or whatever stands between, makes of one request. */
export type Answer =
  | { kind: "answer"; status: number; headers: readonly (readonly [string, string])[]; body: Body }
  | { kind: "failure"; failure: Failure };

export type Body =
  | { kind: "none" }
  /** In as many pieces as given, each of them as late as a stream lets it be. */
  | { kind: "pieces"; pieces: readonly Uint8Array[] }
  /** It ends with an error after these pieces. */
  | { kind: "broken"; pieces: readonly Uint8Array[]; failure: Failure }
  /** It never ends. */
  | { kind: "endless" }
  | { kind: "large"; bytes: number; json: boolean };

/** Made anew for every run of a case, for errors are objects with a history. */
export type Failure =
  | { kind: "coded"; code: string }
  | { kind: "plain"; name: string; message: string }
  | { kind: "circular" }
  | { kind: "several"; codes: readonly string[] }
  | { kind: "value"; value: unknown };

const BUILT_STATUSES = [
  ...[200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 301, 302, 303, 304, 305, 307, 308, 399],
  ...[400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 425, 429, 431, 451, 499],
  ...[500, 501, 502, 503, 504, 507, 511, 520, 529, 599],
];
/** No `Response` may be made with these, but a `fetch` of one's own may hand one on. */
const FOREIGN_STATUSES = [0, 1, 100, 101, 102, 103, 199, 600, 999];
const BODILESS = new Set([204, 205, 304]);

const UNITS = [
  ...["0", "0.0", "1", "0.02", "38.8", "8.439999999999998", "999999999999999", "1e3", "1E-7", "-1", "-0", "+1"],
  ...[
    "NaN",
    "Infinity",
    "-Infinity",
    "",
    " ",
    "1,5",
    "1 000",
    "0x10",
    "1.",
    ".5",
    "1.2.3",
    "１",
    "null",
    "true",
    "[1]",
  ],
  ...["1000000000000000", "0.0000000000000000000000000000001", "9".repeat(400), `0.${"1".repeat(400)}`, "١"],
];
const IDS = [
  "",
  " ",
  "r-1",
  "a".repeat(200),
  "a".repeat(201),
  "x".repeat(16_000),
  "../..",
  "%00",
  "__proto__",
  "ÿþ",
  "a/b?c#d",
];
const TYPES = [
  ...["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"],
  ...["text/html", "text/plain", "text/event-stream", "application/octet-stream", "image/png", "", ";;;", "json"],
  ...["multipart/form-data", "application/x-www-form-urlencoded", "application/json, text/html"],
];
const WAITS = ["0", "1", "-1", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "1e9", "NaN", ""];

/** A header's value holds bytes, and no line ends or zeros. */
const headerText = fc
  .string({ unit: "binary", maxLength: 40 })
  .map((text) => text.replace(/[^\x20-\x7e\x80-\xff]/g, "~"));

const header: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  pair("x-fal-billable-units", UNITS),
  pair("x-fal-request-id", IDS),
  pair("content-type", TYPES),
  pair("retry-after", WAITS),
  pair("content-length", ["0", "1", "-1", "99999999999", "x"]),
  pair("content-encoding", ["gzip", "br", "x"]),
  pair("x-fal-request-timeout-type", ["user", "server", ""]),
  fc.tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/), headerText),
);

function pair(name: string, values: readonly string[]): fc.Arbitrary<readonly [string, string]> {
  return fc
    .oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: headerText })
    .map((value) => [name, value.replace(/[^\x20-\x7e\x80-\xff]/g, "~")]);
}

const wrong = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, "", "x", [], {}, [null], { length: 3 }, "9".repeat(300)),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Right in some members and wrong in others. */
const shapes: fc.Arbitrary<unknown> = fc.oneof(
  fc.record(
    {
      status: fc.oneof(fc.constantFrom("IN_QUEUE", "IN_PROGRESS", "COMPLETED", "FAILED", "completed"), wrong),
      request_id: fc.oneof(fc.constantFrom(...IDS, "r-2"), wrong),
      response_url: wrong,
      status_url: wrong,
      queue_position: wrong,
      logs: wrong,
      metrics: fc.oneof(fc.record({ inference_time: wrong }), wrong),
      detail: fc.oneof(fc.array(fc.record({ loc: wrong, msg: wrong, type: wrong })), wrong),
      error: wrong,
      message: wrong,
      upload_url: fc.oneof(fc.constantFrom("https://v3.fal.media/put", "http://[", "file:///etc/passwd"), wrong),
      file_url: fc.oneof(fc.constantFrom("https://v3.fal.media/files/a.png"), wrong),
      images: fc.oneof(fc.array(fc.record({ url: wrong, width: wrong })), wrong),
    },
    { requiredKeys: [] },
  ),
  wrong,
  fc.integer({ min: 50, max: 500 }).map((depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown),
  fc.constantFrom<unknown>(
    JSON.parse('{"__proto__":{"status":"COMPLETED"},"constructor":1,"request_id":"r-3"}'),
    JSON.parse('{"toString":1,"then":{"then":1},"hasOwnProperty":null}'),
  ),
);

const json = shapes.map((value) => JSON.stringify(value));

const events = fc
  .array(
    fc.oneof(
      json.map((text) => `data: ${text}\n\n`),
      fc.constantFrom(
        "data: \n\n",
        "data:\n",
        ": ping\n\n",
        "event: error\ndata: {}\n\n",
        "data: {]\n\n",
        "\n\n\n",
        "retry: x\n\n",
      ),
    ),
    { maxLength: 6 },
  )
  .map((all) => all.join(""));

const text = fc.oneof(
  { weight: 6, arbitrary: json },
  { weight: 3, arbitrary: fc.tuple(json, fc.nat(200)).map(([whole, cut]) => whole.slice(0, cut % (whole.length + 1))) },
  { weight: 2, arbitrary: events },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 1, arbitrary: json.map((whole) => `\ufeff${whole}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", " ", "null", "NaN", "undefined", "<html>", "{}{}", "'a'", '"\\ud800"', "\u0000"),
  },
);

const bytes = fc.oneof(
  { weight: 8, arbitrary: text.map((whole) => new TextEncoder().encode(whole)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
);

/** A whole, or a drop at a time: the slowest way there is to send it. */
const pieces = fc.tuple(bytes, fc.constantFrom(0, 0, 0, 1, 7)).map(([whole, size]) => split(whole, size));

function split(whole: Uint8Array, size: number): Uint8Array[] {
  if (size === 0 || whole.length > 600) return [whole];
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.slice(i * size, (i + 1) * size));
}

const CODES = [
  ...["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_SOCKET", "UND_ERR_HEADERS_TIMEOUT", "EPIPE"],
  ...["UND_ERR_CONNECT_TIMEOUT", "ERR_INVALID_URL", "CERT_HAS_EXPIRED", "", "__proto__", "EWHATEVER"],
];

export const failure: fc.Arbitrary<Failure> = fc.oneof(
  fc.constantFrom(...CODES).map((code) => ({ kind: "coded" as const, code })),
  fc
    .tuple(
      fc.constantFrom("Error", "TypeError", "AbortError", "TimeoutError", "__proto__"),
      fc.oneof(fc.constantFrom("fetch failed", "bad port", "terminated", "", "m".repeat(50_000)), fc.string()),
    )
    .map(([name, message]) => ({ kind: "plain" as const, name, message })),
  fc.constant({ kind: "circular" as const }),
  fc.array(fc.constantFrom(...CODES), { maxLength: 3 }).map((codes) => ({ kind: "several" as const, codes })),
);

/** Nothing that is an error, though it was thrown. */
export const thrownValue: fc.Arbitrary<Failure> = fc
  .constantFrom<unknown>(undefined, null, 0, "", "lost", { code: "ECONNREFUSED" }, [], Symbol("lost"))
  .map((value) => ({ kind: "value" as const, value }));

export function answers(failures: fc.Arbitrary<Failure>, endless: boolean): fc.Arbitrary<Answer> {
  const status = fc.oneof(
    { weight: 6, arbitrary: fc.constant(200) },
    { weight: 6, arbitrary: fc.constantFrom(...BUILT_STATUSES) },
    { weight: 1, arbitrary: fc.constantFrom(...FOREIGN_STATUSES) },
  );
  const body: fc.Arbitrary<Body> = fc.oneof(
    { weight: 24, arbitrary: pieces.map((all) => ({ kind: "pieces" as const, pieces: all })) },
    { weight: 3, arbitrary: fc.constant({ kind: "none" as const }) },
    {
      weight: 5,
      arbitrary: fc
        .tuple(pieces, failures)
        .map(([all, why]) => ({ kind: "broken" as const, pieces: all, failure: why })),
    },
    ...(endless ? [{ weight: 1, arbitrary: fc.constant({ kind: "endless" as const }) }] : []),
  );
  const headers = fc
    .tuple(fc.constantFrom("json", "json", "json", "events", "none"), fc.array(header, { maxLength: 5 }))
    .map(([type, rest]) => [...typeOf(type), ...rest]);
  const answer = fc.record({ kind: fc.constant("answer" as const), status, headers, body });
  return fc.oneof(
    { weight: 10, arbitrary: answer },
    { weight: 1, arbitrary: failures.map((why) => ({ kind: "failure" as const, failure: why })) },
  );
}

function typeOf(type: string): [string, string][] {
  if (type === "none") return [];
  return [["content-type", type === "json" ? "application/json" : "text/event-stream"]];
}

export function errorOf(failure: Failure): unknown {
  switch (failure.kind) {
    case "coded":
      return new TypeError("fetch failed", { cause: Object.assign(new Error(failure.code), { code: failure.code }) });
    case "plain":
      return Object.assign(new Error(failure.message), { name: failure.name });
    case "circular": {
      const error = new TypeError("fetch failed");
      error.cause = new Error("round", { cause: error });
      return error;
    }
    case "several": {
      const errors = failure.codes.map((code) => Object.assign(new Error(code), { code }));
      return new TypeError("fetch failed", { cause: new AggregateError(errors) });
    }
    case "value":
      return failure.value;
  }
}

/** Whoever asked: `onEndless` is told when a body that never ends is first read. */
export interface Asker {
  signal: AbortSignal | null | undefined;
  onEndless(): void;
}

/** The answer as `fetch` would hand it on. @throws what the failure says */
export function responseTo(answer: Answer, asker: Asker): Response {
  if (answer.kind === "failure") throw errorOf(answer.failure);
  const { status, headers, body } = answer;
  const foreign = FOREIGN_STATUSES.includes(status);
  const sent = BODILESS.has(status) ? null : streamOf(body, asker);
  const made = new Headers();
  for (const [name, value] of headers) made.append(name, value);
  const response = new Response(sent, { status: foreign ? 200 : status, headers: made });
  if (foreign) Object.defineProperties(response, { status: { value: status }, ok: { value: false } });
  return response;
}

const LARGE_PIECE = new TextEncoder().encode("x".repeat(65_536));

/** Nothing is made before it is read. */
const LAZY = { highWaterMark: 0 };

function streamOf(body: Body, asker: Asker): ReadableStream<Uint8Array> | null {
  if (body.kind === "none") return null;
  const source = sourceOf(body, asker);
  const stream: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      try {
        const { value, done } = await source.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
      }
    },
    async cancel() {
      await source.return(undefined);
    },
  };
  return new ReadableStream(stream, LAZY);
}

async function* sourceOf(
  body: Exclude<Body, { kind: "none" }>,
  { signal, onEndless }: Asker,
): AsyncGenerator<Uint8Array, void> {
  switch (body.kind) {
    case "endless":
      onEndless();
      for (;;) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
        yield new TextEncoder().encode("data: 1\n\n");
      }
    case "large":
      if (body.json) yield new TextEncoder().encode('{"images":[],"text":"');
      for (let sent = 0; sent < body.bytes; sent += LARGE_PIECE.length) yield LARGE_PIECE.slice();
      if (body.json) yield new TextEncoder().encode('"}');
      return;
    case "pieces":
      for (const piece of body.pieces) yield piece.slice();
      return;
    case "broken":
      for (const piece of body.pieces) yield piece.slice();
      throw errorOf(body.failure);
  }
}

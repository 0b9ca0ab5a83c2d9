import { describe, expect, it } from "vitest";
import {
  billOf,
  eventAnswer,
  isCancelled,
  isExplained,
  isWholeJson,
  jobStatus,
  jsonAnswer,
  parseJson,
  requestIdOf,
  submittedId,
} from "../../src/wire/answer.ts";

const bill = (text?: string) => billOf(new Headers(text === undefined ? {} : { "x-fal-billable-units": text }));

describe("fal's bill", () => {
  it.each(["0", "1", "0.02", "38.8", "8.439999999999998"])("of %s units is read exactly", (text) => {
    const read = bill(text);
    expect(read.kind === "units" && read.units.toFixed()).toBe(text);
  });

  it("may have fifteen digits before the point and thirty behind it, and space around it", () => {
    const text = `${"9".repeat(15)}.${"9".repeat(30)}`;
    expect(bill(` ${text} `)).toMatchObject({ kind: "units", text });
    expect([bill(`9${text}`), bill(`${text}9`), bill("1."), bill(".5")]).toEqual(Array(4).fill({ kind: "malformed" }));
  });

  it("may be absent", () => expect(bill()).toEqual({ kind: "absent" }));

  it.each(["-1", "1e5", "NaN", "abc", "1,5", "", "0x1", "1 2", "9".repeat(40)])(
    "written as %j is malformed, which is neither a bill nor its absence",
    (text) => {
      expect(bill(text)).toEqual({ kind: "malformed" });
    },
  );
});

describe("the answer to a submit", () => {
  it.each([
    [{ request_id: "r-1" }, "r-1"],
    [{ request_id: 5 }, null],
    [{ request_id: "" }, null],
    [{ request_id: "x".repeat(300) }, null],
    [null, null],
    ["r-1", null],
    [undefined, null],
    [{ request_id: "x".repeat(200) }, "x".repeat(200)],
    [{ request_id: "x".repeat(201) }, null],
  ])("%j names %j", (body, id) => expect(submittedId(body)).toBe(id));

  it.each([
    [undefined, null],
    ["", null],
    ["r-1", "r-1"],
    ["x".repeat(200), "x".repeat(200)],
    ["x".repeat(201), null],
  ])("may name it in a header: %j", (text, id) => {
    expect(requestIdOf(new Headers(text === undefined ? {} : { "x-fal-request-id": text }))).toBe(id);
  });
});

describe("a status", () => {
  it("says the state, and the compute time once it is known", () => {
    expect(jobStatus({ status: "COMPLETED", metrics: { inference_time: 1.5 } })).toEqual({
      state: "COMPLETED",
      inferenceSeconds: 1.5,
    });
    expect(jobStatus({ status: "COMPLETED", metrics: { inference_time: null } })).toEqual({
      state: "COMPLETED",
      inferenceSeconds: null,
    });
    expect(jobStatus({ status: "IN_QUEUE" })).toEqual({ state: "IN_QUEUE", inferenceSeconds: null });
  });

  it.each([
    [0, 0],
    [-1, null],
    ["1", null],
    [Number.POSITIVE_INFINITY, null],
  ])("with an inference time of %s is of %s compute seconds", (time, inferenceSeconds) => {
    const status = { status: "IN_PROGRESS", metrics: { inference_time: time } };
    expect(jobStatus(status)).toEqual({ state: "IN_PROGRESS", inferenceSeconds });
  });

  it.each([undefined, {}, null, { status: "FAILED" }, "COMPLETED"])("of %j says nothing", (body) =>
    expect(jobStatus(body)).toBeNull(),
  );
});

it.each([
  [{ status: "COMPLETED", error: "Request was cancelled by the client", error_type: "client_cancelled" }, true],
  [{ status: "COMPLETED", error: "canceled" }, true],
  [{ status: "COMPLETED", error_type: "internal_error" }, false],
  [{ status: "COMPLETED" }, false],
  [{ status: "IN_PROGRESS", error: "cancelled" }, false],
  [null, false],
])("%j is the status of a job that was cancelled while it waited: %j", (body, cancelled) => {
  expect(isCancelled(body)).toBe(cancelled);
});

it("bytes that are no JSON are undefined, not an error", () => {
  expect(parseJson(new Uint8Array([0xff, 0xfe]))).toBeUndefined();
});

it.each([
  [{ detail: "no such image" }, true],
  [{ detail: undefined }, true],
  [{ error: "bad gateway" }, false],
  [null, false],
  ["detail", false],
])("%j was said by a model or its runner: %j", (body, explained) => {
  expect(isExplained(body)).toBe(explained);
});

it.each([
  ["application/json", '{"a":1}', true],
  ["application/json; charset=utf-8", "null", true],
  ["application/json", '{"a":', false],
  ["text/html", '{"a":1}', false],
  [null, '{"a":1}', false],
])("an answer that says %j and is %j is whole JSON: %j", (type, text, whole) => {
  const bytes = new TextEncoder().encode(text);
  const response = new Response(bytes, type === null ? {} : { headers: { "content-type": type } });
  expect(isWholeJson(response, bytes)).toBe(whole);
});

it("an answer of our own has fal's form, and a request id where there is one", async () => {
  const answer = jsonAnswer({ a: [1] }, 404, "r-1");
  expect([answer.status, ...answer.headers]).toEqual([
    404,
    ["content-type", "application/json"],
    ["x-fal-request-id", "r-1"],
  ]);
  expect(await answer.json()).toEqual({ a: [1] });
  expect([...jsonAnswer({}, 200).headers]).toEqual([["content-type", "application/json"]]);
});

it("a stream of our own is one event and the end", async () => {
  const answer = eventAnswer({ status: "COMPLETED" });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  expect(await answer.text()).toBe('data: {"status":"COMPLETED"}\n\n');
});

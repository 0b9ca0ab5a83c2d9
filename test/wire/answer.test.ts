import { describe, expect, it } from "vitest";
import { billOf, jobStatus, parseJson, submittedId } from "../../src/wire/answer.ts";

const bill = (text?: string) => billOf(new Headers(text === undefined ? {} : { "x-fal-billable-units": text }));

describe("fal's bill", () => {
  it.each(["0", "1", "0.02", "38.8", "8.439999999999998"])("of %s units is read exactly", (text) => {
    const read = bill(text);
    expect(read.kind === "units" && read.units.toFixed()).toBe(text);
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
  ])("%j names %j", (body, id) => expect(submittedId(body)).toBe(id));
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

  it.each([{}, null, { status: "FAILED" }, "COMPLETED"])("of %j says nothing", (body) =>
    expect(jobStatus(body)).toBeNull(),
  );
});

it("bytes that are no JSON are undefined, not an error", () => {
  expect(parseJson(new Uint8Array([0xff, 0xfe]))).toBeUndefined();
});

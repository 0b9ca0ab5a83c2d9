import { describe, expect, it } from "vitest";
import { readRecentRequest, recentRequestsQuestion } from "../../src/wire/recent-requests.ts";

const row = {
  request_id: "r-1",
  sent_at: "2026-11-01T12:00:00Z",
  started_at: "2026-11-01T12:00:01Z",
  ended_at: "2026-11-01T12:00:03.5Z",
  status_code: 200,
  json_input: { prompt: "a cat" },
  json_output: { images: [] },
};
const noon = Date.UTC(2026, 10, 1, 12);

describe("a row of fal's list of requests", () => {
  it("says when fal got it, how long it was worked on, and what was asked and answered", () => {
    expect(readRecentRequest(row)).toEqual({
      requestId: "r-1",
      at: noon,
      seconds: 2.5,
      status: 200,
      input: { prompt: "a cat" },
      output: { images: [] },
    });
  });

  it("counts from when work began where fal does not say when it came", () => {
    expect(readRecentRequest({ ...row, sent_at: undefined })).toMatchObject({ at: noon + 1_000 });
  });

  it.each([
    [{ started_at: null }],
    [{ ended_at: undefined }],
    [{ ended_at: "soon" }],
    [{ ended_at: "2026-11-01T12:00:00.999Z" }],
  ])("with %j has taken nobody knows how long", (rest) => {
    expect(readRecentRequest({ ...row, ...rest })).toMatchObject({ at: noon, seconds: null });
  });

  it("may have taken no time at all", () => {
    expect(readRecentRequest({ ...row, ended_at: row.started_at })).toMatchObject({ seconds: 0 });
  });

  it.each([
    [100, 100],
    [599, 599],
    [99, null],
    [600, null],
    [200.5, null],
    ["200", null],
    [undefined, null],
  ])("with the status %j has %j", (code, status) => {
    expect(readRecentRequest({ ...row, status_code: code })).toMatchObject({ status });
  });

  it.each([
    null,
    undefined,
    "r-1",
    {},
    { ...row, request_id: undefined },
    { ...row, request_id: 5 },
    { ...row, request_id: "" },
    { ...row, request_id: "r".repeat(201) },
    { ...row, sent_at: undefined, started_at: undefined },
    { ...row, sent_at: "soon", started_at: 5 },
  ])("that names no request or no time is none: %j", (bad) => {
    expect(readRecentRequest(bad)).toBeNull();
  });

  it("may have an id of 200 characters", () => {
    expect(readRecentRequest({ ...row, request_id: "r".repeat(200) })).toMatchObject({ requestId: "r".repeat(200) });
  });
});

it("the list is asked for by endpoint and time, with what was asked and answered, and by id where one is wanted", () => {
  const span = { from: noon, until: noon + 60_000 };
  const question = {
    endpoint_id: "fal-ai/flux/dev",
    start: "2026-11-01T12:00:00.000Z",
    end: "2026-11-01T12:01:00.000Z",
    expand: "payloads",
  };
  expect(recentRequestsQuestion("fal-ai/flux/dev", span)).toEqual(question);
  expect(recentRequestsQuestion("fal-ai/flux/dev", span, "r-1")).toEqual({ ...question, request_id: "r-1" });
});

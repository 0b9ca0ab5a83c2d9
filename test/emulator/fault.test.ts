import { createFalClient } from "@fal-ai/client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fault, Faults } from "../../src/emulator/fault.ts";
import { OptionsError } from "../../src/errors.ts";
import { failure, open } from "./open.ts";

const FLUX = "fal-ai/flux/dev";
const RUN = `https://fal.run/${FLUX}`;
const post = { method: "POST", body: '{"prompt":"a fox"}' };

test("a request dropped before it was accepted was seen, and buys nothing", async () => {
  const { emulator } = await open({ faults: [{ do: "drop-before-accept" }] });
  await expect(emulator.fetch(RUN, post)).rejects.toThrow("fetch failed");
  expect(emulator.requests).toMatchObject([{ kind: "run", endpointId: FLUX, paid: false, status: null }]);
  expect([emulator.paidPosts(), emulator.book.lines.length]).toEqual([0, 0]);
});

test("a request dropped after it was accepted is billed without an answer", async () => {
  const { emulator } = await open({ faults: [{ do: "drop-after-accept" }] });
  await expect(emulator.fetch(RUN, post)).rejects.toThrow("fetch failed");
  expect(emulator.requests).toMatchObject([{ kind: "run", paid: true, status: null }]);
  expect([emulator.paidPosts(), emulator.book.total().toFixed()]).toEqual([1, "0.025"]);
});

test("one submit dropped after it was accepted makes the plain client buy two jobs", async () => {
  const { emulator, fal } = await open({ faults: [{ match: { kind: "submit" }, times: 1, do: "drop-after-accept" }] });
  await fal.subscribe(FLUX, { input: { prompt: "a fox" } });
  expect([emulator.paidPosts(FLUX), emulator.book.total().toFixed()]).toEqual([2, "0.05"]);
});

test("a body cut halfway arrives as an error after its headers, and is billed", async () => {
  const { emulator } = await open({ faults: [{ do: "drop-mid-body" }] });
  const answer = await emulator.fetch(RUN, post);
  expect([answer.status, answer.headers.get("x-fal-billable-units")]).toEqual([200, "1"]);
  await expect(answer.text()).rejects.toThrow();
  expect(emulator.book.total().toFixed()).toBe("0.025");
});

test("a stream cut halfway ends in an error for the client", async () => {
  const { emulator, fal } = await open({ faults: [{ match: { kind: "stream" }, do: "drop-mid-body" }] });
  const stream = await fal.stream(FLUX, { input: { prompt: "a fox" } });
  expect(await failure(stream.done())).toMatchObject({ name: "ApiError" });
  expect(emulator.paidPosts()).toBe(1);
});

test("a status is answered with fal's usual body, and buys nothing", async () => {
  const { emulator, fal } = await open();
  const disarm = emulator.fault({ do: { status: 500 } });
  expect(await failure(fal.run(FLUX, { input: { prompt: "a fox" } }))).toMatchObject({
    status: 500,
    body: { detail: "Internal server error", error_type: "internal_error" },
  });
  expect([emulator.paidPosts(), emulator.book.lines.length]).toEqual([0, 0]);
  disarm();
  await fal.run(FLUX, { input: { prompt: "a fox" } });
  expect(emulator.paidPosts()).toBe(1);
});

test("a status can bring its own body and headers", async () => {
  const { emulator } = await open();
  emulator.fault({ do: { status: 429, body: { detail: "slow down" }, headers: { "retry-after": "7" } } });
  const answer = await emulator.fetch(RUN, post);
  expect([answer.headers.get("retry-after"), answer.headers.get("x-fal-needs-retry")]).toEqual(["7", "1"]);
  expect(await answer.json()).toEqual({ detail: "slow down" });
});

test("a refusal whose headers say units were used is billed for them", async () => {
  const { emulator } = await open();
  emulator.fault({ do: { status: 422, headers: { "x-fal-billable-units": "0.5" } } });
  const answer = await emulator.fetch(RUN, post);
  expect([answer.status, emulator.book.total().toFixed(), emulator.paidPosts()]).toEqual([422, "0.0125", 0]);
});

test("the client rides out a 503 that strikes once", async () => {
  const { emulator, fal } = await open({ faults: [{ times: 1, do: { status: 503 } }] });
  await fal.run(FLUX, { input: { prompt: "a fox" } });
  expect(emulator.requests.map(({ status }) => status)).toEqual([503, 200]);
  expect(emulator.paidPosts()).toBe(1);
});

test("a lost result is a 404 of work that was billed", async () => {
  const { emulator, fal } = await open({ faults: [{ do: "lose-result" }] });
  expect(await failure(fal.subscribe(FLUX, { input: { prompt: "a fox" } }))).toMatchObject({ status: 404 });
  expect(emulator.book.total().toFixed()).toBe("0.025");
});

test("a garbled answer has the right headers and a body that is no JSON", async () => {
  const { emulator, fal } = await open({ faults: [{ do: "malformed-json" }] });
  expect(await failure(fal.run(FLUX, { input: { prompt: "a fox" } }))).toMatchObject({ name: "SyntaxError" });
  const answer = await emulator.fetch(RUN, post);
  expect(answer.headers.get("x-fal-billable-units")).toBe("1");
});

test.each([
  ["0.02", "0.02", "0.0005"],
  ["8.439999999999998", "8.439999999999998", "0.21099999999999995"],
  ["0", "0", "0"],
  ["lots", "lots", "0.025"],
  [null, null, "0.025"],
])("units forced to %j read %j and bill %s, on the run and on the queue", async (units, header, amount) => {
  const { emulator, fal } = await open({ faults: [{ do: { units } }] });
  const answer = await emulator.fetch(RUN, post);
  expect([answer.headers.get("x-fal-billable-units"), emulator.book.total().toFixed()]).toEqual([header, amount]);
  const { request_id: requestId } = await fal.queue.submit(FLUX, { input: { prompt: "a fox" } });
  const result = await emulator.fetch(`https://queue.fal.run/fal-ai/flux/requests/${requestId}`);
  expect(result.headers.get("x-fal-billable-units")).toBe(header);
  expect(emulator.book.total().div(2).toFixed()).toBe(amount);
});

test("a fault strikes only the endpoint and kind it names", async () => {
  const { emulator, fal } = await open({
    faults: [{ match: { endpoint: "fal-ai/flux/*", kind: "result" }, do: { status: 500 } }],
  });
  expect(await failure(fal.subscribe(FLUX, { input: { prompt: "a fox" } }))).toMatchObject({ status: 500 });
  await fal.subscribe("fal-ai/recraft-v3", { input: { prompt: "a fox" } });
  emulator.clearFaults();
  await fal.subscribe(FLUX, { input: { prompt: "a fox" } });
  expect(emulator.paidPosts()).toBe(3);
});

test("an answer that is late still comes", async () => {
  const { emulator } = await open({ faults: [{ match: { kind: "any" }, do: { delayMs: 1 } }] });
  expect((await emulator.fetch(RUN, post)).status).toBe(200);
});

test("a fault strikes exactly `times` times, after letting `after` requests pass", () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 60 }),
      (after, times, requests) => {
        const faults = new Faults();
        faults.arm({ do: "drop-before-accept", after, times });
        const struck = Array.from({ length: requests }, () => faults.strike("run", FLUX).length);
        expect(struck).toEqual(
          Array.from({ length: requests }, (_, at) => (at >= after && at < after + times ? 1 : 0)),
        );
      },
    ),
  );
});

test.each([
  [{ do: "drop" }, "fault.do"],
  [{ do: {} }, "fault.do"],
  [{ do: { status: 200 } }, "fault.do.status"],
  [{ do: { delayMs: -1 } }, "fault.do.delayMs"],
  [{ do: "lose-result", times: 0 }, "fault.times"],
  [{ do: "lose-result", after: -1 }, "fault.after"],
])("%j is refused by name", async (fault, option) => {
  const { emulator } = await open();
  expect(() => emulator.fault(fault as Fault)).toThrow(expect.objectContaining({ option, constructor: OptionsError }));
});

test("the plain client gives up on a paid request that is dropped each time, having sent it four times", async () => {
  const { emulator } = await open({ faults: [{ do: "drop-after-accept" }] });
  const fal = createFalClient({ credentials: "k", fetch: emulator.fetch });
  await failure(fal.run("fal-ai/recraft-v3", { input: { prompt: "a fox" } }));
  expect([emulator.paidPosts(), emulator.book.total().toFixed()]).toEqual([4, "0.16"]);
}, 20_000);

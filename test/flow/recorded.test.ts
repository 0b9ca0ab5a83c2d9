import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ApiError, createFalClient, type MeterOptions } from "../../src/index.ts";

/** fal's answers as they were recorded on the wire (April 2026); the client and the global fetch are the real ones. */
const fal = setupServer();
beforeAll(() => fal.listen({ onUnhandledRequest: "error" }));
afterEach(() => fal.resetHandlers());
afterAll(() => fal.close());

const client = (meter: MeterOptions = {}) =>
  createFalClient({ credentials: "key", meter: { store: "memory:", ...meter } });
const image = { images: [{ url: "https://v3.fal.media/files/a.png", width: 1024, height: 768 }], seed: 1 };

describe("recorded answers of fal", () => {
  test.each([
    ["fal-ai/flux/dev", "1", "0.025"],
    ["fal-ai/flux/dev", "0.02", "0.0005"],
    ["fal-ai/flux/dev", "8.439999999999998", "0.211"],
  ])("%s billed at %s units costs $%s", async (endpoint, units, cost) => {
    fal.use(
      http.post(`https://fal.run/${endpoint}`, () =>
        HttpResponse.json(image, { headers: { "x-fal-billable-units": units, "x-fal-request-id": "r-1" } }),
      ),
    );
    const { meter, run } = client();
    const { data, requestId } = await run(endpoint, { input: { prompt: "a lighthouse" } });
    expect([data, requestId]).toEqual([image, "r-1"]);
    const receipt = await meter.receipt("r-1");
    expect([receipt?.actual?.toFixed(), receipt?.billableUnits, receipt?.basis]).toEqual([cost, units, "billed-units"]);
  });

  test("an exhausted balance is a 403 that costs nothing and gives its hold back", async () => {
    const detail = "User is locked. Reason: Exhausted balance.";
    fal.use(http.post("https://fal.run/fal-ai/flux/dev", () => HttpResponse.json({ detail }, { status: 403 })));
    const { meter, run } = client({ budgets: [{ limit: 1, per: "day" }] });
    const error = await run("fal-ai/flux/dev", { input: { prompt: "a lighthouse" } }).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 403, body: { detail } });
    const [standing] = await meter.budgets();
    expect([standing?.spent.toFixed(), standing?.held.toFixed()]).toEqual(["0", "0"]);
  });

  test("a queue job is billed by its result and by nothing before it", async () => {
    const job = "https://queue.fal.run/fal-ai/flux/requests/r-2";
    const urls = { response_url: job, status_url: `${job}/status`, cancel_url: `${job}/cancel` };
    const bill = { "x-fal-billable-units": "2", "x-fal-request-id": "r-2" };
    fal.use(
      http.post("https://queue.fal.run/fal-ai/flux/dev", () =>
        HttpResponse.json({ status: "IN_QUEUE", request_id: "r-2", queue_position: 0, ...urls }),
      ),
      http.get(`${job}/status`, () =>
        HttpResponse.json({ status: "COMPLETED", request_id: "r-2", logs: null, ...urls }),
      ),
      http.get(job, () => HttpResponse.json(image, { headers: bill })),
    );
    const { meter, queue } = client();
    await queue.submit("fal-ai/flux/dev", { input: { prompt: "a lighthouse" } });
    expect(await meter.receipt("r-2")).toMatchObject({ outcome: "pending", actual: null });
    await queue.status("fal-ai/flux/dev", { requestId: "r-2" });
    expect(await meter.receipt("r-2")).toMatchObject({ outcome: "pending", actual: null });
    await queue.result("fal-ai/flux/dev", { requestId: "r-2" });
    const receipt = await meter.receipt("r-2");
    expect([receipt?.outcome, receipt?.actual?.toFixed()]).toEqual(["charged", "0.05"]);
  });
});

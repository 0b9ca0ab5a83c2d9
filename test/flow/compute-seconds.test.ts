import { expect, test } from "vitest";
import { decimal } from "../../src/money.ts";
import { failure, openClient, openEmulator, plain } from "./open.ts";

const endpoint = "acme/slow-model";
const rates = { [endpoint]: { unit: "compute seconds", price: "0.002" } };
const input = { prompt: "a cat" };
const budgets = [{ name: "all", limit: 1, per: "day" }] as const;

const headerless = () => openEmulator({ headerlessEndpoints: [endpoint], latencyMs: { work: 20 } });

/** What the model says that it worked. */
async function worked(fal: ReturnType<typeof openClient>["fal"]) {
  const { requestId } = await fal.subscribe(endpoint, { input, pollInterval: 5 });
  const status = (await fal.queue.status(endpoint, { requestId })) as { metrics?: { inference_time?: number } };
  return { requestId, seconds: status.metrics!.inference_time! };
}

test.each([
  ["prices.rates", { prices: { rates } }, "your rates"],
  ["contract.rates", { contract: { rates } }, "contract"],
])(
  "a price for each second of computing (%s) is settled by the time that the model says it worked",
  async (_, options, source) => {
    const { fal, meter } = openClient(await headerless(), options);
    expect(plain(await fal.estimate(endpoint, input))).toMatchObject({
      ...{ low: null, expected: null, high: null, quantity: null },
      ...{ unit: "compute second", unitPrice: "0.002", basis: "contract", confidence: "unknown" },
      source: expect.stringContaining(source),
    });
    for (let turn = 0; turn < 2; turn++) {
      const { requestId, seconds } = await worked(fal);
      expect(seconds).toBeGreaterThan(0);
      const actual = decimal("0.002").mul(seconds).toFixed();
      expect(plain(await meter.receipt(requestId))).toMatchObject({
        outcome: "charged",
        basis: "compute-time",
        actual,
      });
    }
  },
);

test("a price for each second of computing is unknown before, so a budget refuses it", async () => {
  const emulator = await headerless();
  const { fal } = openClient(emulator, { prices: { rates }, budgets });
  const error = await failure(fal.subscribe(endpoint, { input }));
  expect(error.name).toBe("UnknownPriceError");
  expect(error.message).toContain("nobody knows before how long the model will work");
  expect(emulator.paidPosts()).toBe(0);
});

test("under a budget it is held at what is assumed, and settled by the time", async () => {
  const { fal, meter, events } = openClient(await headerless(), {
    ...{ prices: { rates }, budgets, onUnknownPrice: { assume: "0.5" } },
  });
  const { seconds } = await worked(fal);
  expect(plain(events.find(({ type }) => type === "budget-held"))).toMatchObject({ amount: "0.5" });
  const spent = decimal("0.002").mul(seconds).toFixed();
  expect(plain(await meter.budgets())).toMatchObject([{ spent, held: "0" }]);
});

test("where nobody says how long the model worked, the amount is unknown and not zero", async () => {
  const { fal, meter } = openClient(await headerless(), { prices: { rates } });
  const { requestId } = await fal.run(endpoint, { input });
  expect(plain(await meter.receipt(requestId))).toMatchObject({ outcome: "charged", basis: "unknown", actual: null });
});

test("only seconds of computing may be left uncounted", () => {
  for (const unit of ["units", "credits", "", "compute minutes", "1000 compute seconds"]) {
    expect(() =>
      openClient({ fetch } as never, { prices: { rates: { [endpoint]: { unit, price: 1 } } } }),
    ).toThrowError(expect.objectContaining({ name: "OptionsError", option: `prices.rates["${endpoint}"].unit` }));
  }
});

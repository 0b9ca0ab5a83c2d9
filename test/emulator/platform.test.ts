import { expect, test } from "vitest";
import { MovedClock } from "./moved-clock.ts";
import { open } from "./open.ts";

type Opened = Awaited<ReturnType<typeof open>>["emulator"];

async function ask(emulator: Opened, path: string, key = "key", body?: unknown) {
  const init = {
    headers: { authorization: `Key ${key}` },
    ...(body ? { method: "POST", body: JSON.stringify(body) } : null),
  };
  const answer = await emulator.fetch(`https://api.fal.ai/v1${path}`, init);
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown> & { next_cursor: string | null },
  };
}

test("prices are told by id, comma-separated or repeated", async () => {
  const { emulator } = await open();
  const prices = [
    { endpoint_id: "fal-ai/flux/dev", unit_price: 0.025, unit: "megapixels", currency: "USD" },
    { endpoint_id: "fal-ai/veo3.1", unit_price: 0.4, unit: "seconds", currency: "USD" },
  ];
  for (const query of [
    "endpoint_id=fal-ai/flux/dev,fal-ai/veo3.1",
    "endpoint_id=fal-ai/flux/dev&endpoint_id=fal-ai/veo3.1",
  ]) {
    const { body } = await ask(emulator, `/models/pricing?${query}`);
    expect(body).toEqual({ prices, next_cursor: null, has_more: false });
  }
});

test("an id that nobody lists is not found; none and more than 50 are refused", async () => {
  const { emulator } = await open();
  const unknown = await ask(emulator, "/models/pricing?endpoint_id=fal-ai/flux/dev,acme/none");
  expect(unknown).toMatchObject({ status: 404, body: { error: { type: "not_found" } } });
  const many = Array.from({ length: 51 }, (_, at) => `acme/${at}`).join(",");
  for (const query of ["", `?endpoint_id=${many}`]) {
    expect(await ask(emulator, `/models/pricing${query}`)).toMatchObject({
      status: 400,
      body: { error: { type: "validation_error" } },
    });
  }
});

test("pages follow their cursor to the end, each row once", async () => {
  const { emulator } = await open({ pageSize: 2 });
  const ids = ["fal-ai/flux/dev", "fal-ai/flux/schnell", "fal-ai/veo3.1", "fal-ai/whisper", "fal-ai/recraft-v3"];
  const seen: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const at: string = cursor === null ? "" : `&cursor=${cursor}`;
    const { body } = await ask(emulator, `/models/pricing?endpoint_id=${ids.join(",")}${at}`);
    seen.push(...(body.prices as { endpoint_id: string }[]).map((price) => price.endpoint_id));
    cursor = body.next_cursor;
    pages++;
  } while (cursor !== null);
  expect([seen, pages]).toEqual([ids, 3]);
  expect(await ask(emulator, "/models?cursor=nonsense")).toMatchObject({ status: 400 });
});

test("an estimate multiplies quantities by prices, or by what calls have cost so far", async () => {
  const { emulator, fal } = await open();
  const byUnit = { estimate_type: "unit_price", endpoints: { "fal-ai/flux/dev": { unit_quantity: 100 } } };
  expect((await ask(emulator, "/models/pricing/estimate", "key", byUnit)).body).toEqual({
    estimate_type: "unit_price",
    total_cost: 2.5,
    currency: "USD",
  });
  const byCall = { estimate_type: "historical_api_price", endpoints: { "fal-ai/flux/dev": { call_quantity: 10 } } };
  expect((await ask(emulator, "/models/pricing/estimate", "key", byCall)).status).toBe(404);
  await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox", num_images: 2 } });
  expect((await ask(emulator, "/models/pricing/estimate", "key", byCall)).body).toMatchObject({ total_cost: 0.5 });
});

test("bills, usage and balance are for admin keys", async () => {
  const { emulator } = await open();
  for (const path of ["/models/billing-events", "/models/usage", "/account/billing?expand=credits"]) {
    expect(await ask(emulator, path)).toMatchObject({ status: 403, body: { error: { type: "authorization_error" } } });
    expect(await ask(emulator, path, "admin-key")).toMatchObject({ status: 200 });
  }
});

test("billing events are the book, by request and by time", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock });
  const first = await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox", num_images: 2 } });
  await clock.move(86_400_000);
  const second = await fal.run("fal-ai/veo3.1", { input: { prompt: "waves", duration: "4s" } as never });
  const events = async (query: string) =>
    (await ask(emulator, `/models/billing-events?${query}`, "admin")).body.billing_events;
  expect(await events(`request_id=${first.requestId}`)).toEqual([
    {
      request_id: first.requestId,
      endpoint_id: "fal-ai/flux/dev",
      timestamp: "2026-04-01T00:00:00.000Z",
      output_units: 2,
      unit_price: 0.025,
      percent_discount: 0,
      cost_subtotal: 0.05,
      cost_discount: 0,
      cost_total: 0.05,
      cost_estimate_nano_usd: 50_000_000,
    },
  ]);
  expect(await events("start=2026-04-02")).toMatchObject([{ request_id: second.requestId, cost_total: 1.6 }]);
  expect(await events("end=2026-04-02")).toMatchObject([{ request_id: first.requestId }]);
  const wide = await ask(emulator, "/models/billing-events?start=2025-01-01&end=2026-01-01", "admin");
  expect(wide).toMatchObject({ status: 400, body: { error: { type: "validation_error" } } });
});

test("usage sums by endpoint, whole or by day", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock });
  const buy = () => fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } });
  await buy();
  await clock.move(3_600_000);
  await buy();
  await clock.move(86_400_000);
  await buy();
  const { body } = await ask(emulator, "/models/usage?timeframe=day&expand=summary&expand=time_series", "admin");
  expect(body.summary).toMatchObject([
    { endpoint_id: "fal-ai/flux/dev", unit: "megapixels", quantity: 3, cost_total: 0.075 },
  ]);
  expect(body.time_series).toMatchObject([
    { bucket: "2026-04-01T00:00:00.000Z", results: [{ quantity: 2, cost_total: 0.05 }] },
    { bucket: "2026-04-02T00:00:00.000Z", results: [{ quantity: 1 }] },
  ]);
});

test("the balance is what was put in less what was billed", async () => {
  const { emulator, fal } = await open({ balance: 10 });
  await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } });
  const { body } = await ask(emulator, "/account/billing?expand=credits", "admin");
  expect(body.credits).toEqual({ current_balance: 9.975, currency: "USD" });
});

test("recent requests are listed newest first, free ones too, with their input when asked", async () => {
  const { emulator, fal } = await open();
  const { requestId } = await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox" } });
  const { request_id } = await fal.queue.submit("fal-ai/flux/dev", { input: { prompt: "" } });
  const { body } = await ask(emulator, "/models/requests/by-endpoint?endpoint_id=fal-ai/flux/dev&expand=payloads");
  expect(body.items).toMatchObject([
    { request_id, status_code: 422 },
    { request_id: requestId, status_code: 200, json_input: { prompt: "a fox" } },
  ]);
});

test("requests are listed of a span of time alone", async () => {
  const clock = new MovedClock(Date.UTC(2026, 3, 1, 12));
  const { emulator, fal } = await open({ clock });
  await fal.run("fal-ai/flux/dev", { input: { prompt: "a fox", image_size: "square" } });
  await clock.move(3_600_000);
  await fal.run("fal-ai/flux/dev", { input: { prompt: "an owl", image_size: "square" } });
  const listed = async (span: string) => {
    const { body } = await ask(emulator, `/models/requests/by-endpoint?endpoint_id=fal-ai/flux/dev${span}`);
    return (body.items as { sent_at: string }[]).map((item) => item.sent_at);
  };
  const [first, second] = ["2026-04-01T12:00:00.000Z", "2026-04-01T13:00:00.000Z"];
  expect(await listed("")).toEqual([second, first]);
  expect(await listed(`&start=${second}`)).toEqual([second]);
  expect(await listed(`&end=${second}`)).toEqual([first]);
});

test("a price that changes holds for what is accepted from then on, and is told", async () => {
  const clock = new MovedClock();
  const { emulator, fal } = await open({ clock, latencyMs: { work: 1_000 } });
  const buy = () => fal.queue.submit("fal-ai/veo3.1", { input: { prompt: "a fox", duration: "8s" } });
  await buy();
  emulator.reprice("fal-ai/veo3.1", { unit: "seconds", unitPrice: "0.2" });
  await buy();
  await clock.move(1_000);
  expect(emulator.book.lines.map(({ amount }) => amount.toFixed())).toEqual(["3.2", "1.6"]);
  const { body } = await ask(emulator, "/models/pricing?endpoint_id=fal-ai/veo3.1");
  expect(body.prices).toMatchObject([{ unit_price: 0.2, unit: "seconds" }]);
  expect(() => emulator.reprice("fal-ai/veo3.1", { unit: "seconds", unitPrice: "-1" })).toThrow(/price\.unitPrice/);
});

test("endpoints are searched by a word, and an unknown path is not found", async () => {
  const { emulator } = await open();
  const { body } = await ask(emulator, "/models?q=flux/schn");
  expect(body.models).toContainEqual({
    endpoint_id: "fal-ai/flux/schnell",
    metadata: { display_name: "fal-ai/flux/schnell", category: "images", status: "active" },
  });
  expect((body.models as { endpoint_id: string }[]).every((model) => model.endpoint_id.includes("flux/schn"))).toBe(
    true,
  );
  expect(await ask(emulator, "/nowhere")).toMatchObject({ status: 404, body: { error: { type: "not_found" } } });
});

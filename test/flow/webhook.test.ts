import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.ts";
import { isMeterError, type MeterOptions, WebhookError } from "../../src/index.ts";
import { Calendar, eventually, failure, image, input, noon, openClient, openEmulator, plain } from "./open.ts";

const budgets = [{ name: "all", limit: 1, per: "day" }] as const;
const minute = 60_000;

/** A webhook as it arrived. */
interface Arrived {
  headers: Record<string, string>;
  body: string;
}

async function openHook() {
  const arrived: Arrived[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    arrived.push({ headers: request.headers as Record<string, string>, body });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const next = async () => {
    await eventually(() => expect(arrived.length).toBeGreaterThan(0));
    return arrived.shift()!;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, next };
}

async function open(meter: MeterOptions = {}) {
  const clock = new Calendar();
  const emulator = await openEmulator({ clock, requireKey: true });
  const hook = await openHook();
  const client = openClient(emulator, { budgets, clock, ...meter });
  const submit = async () => {
    const { request_id } = await client.fal.queue.submit(image, { input, webhookUrl: hook.url });
    return { requestId: request_id, delivery: await hook.next() };
  };
  return { clock, emulator, hook, submit, ...client };
}

const keyReads = (emulator: Emulator) => emulator.requests.filter(({ kind }) => kind === "keys").length;

async function refusal(call: Promise<unknown>) {
  const error = await failure(call);
  expect(error).toBeInstanceOf(WebhookError);
  expect(isMeterError(error)).toBe(true);
  return error.reason;
}

describe("a webhook of fal's", () => {
  test("settles its purchase by the bill, and again changes nothing", async () => {
    const { emulator, meter, events, submit } = await open();
    const { requestId, delivery } = await submit();
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
    expect(await meter.settleWebhook(delivery)).toEqual({ outcome: "settled", requestId });
    expect(await meter.settleWebhook(delivery)).toEqual({ outcome: "already", requestId });
    expect(plain(await meter.receipt(requestId))).toMatchObject({
      outcome: "charged",
      actual: "0.04",
      basis: "billed-units",
    });
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0.04", held: "0" }]);
    expect(events.filter(({ type }) => type === "call-settled")).toHaveLength(1);
    expect(emulator.requests.filter(({ kind }) => kind === "result")).toHaveLength(1);
    expect(keyReads(emulator)).toBe(1);
  });

  test.for<[string, (arrived: Arrived) => Parameters<ReturnType<typeof openClient>["meter"]["settleWebhook"]>[0]]>([
    ["a Request", ({ headers, body }) => new Request("https://app.example/hook", { method: "POST", headers, body })],
    ["bytes with Headers", ({ headers, body }) => ({ headers: new Headers(headers), body: Buffer.from(body) })],
    [
      "text with headers in another case",
      ({ headers, body }) => ({
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])),
        body,
      }),
    ],
  ])("may come as %s", async ([, made]) => {
    const { meter, submit } = await open();
    const { requestId, delivery } = await submit();
    expect(await meter.settleWebhook(made(delivery))).toEqual({ outcome: "settled", requestId });
  });

  test("twice at once is booked once", async () => {
    const { meter, events, submit } = await open();
    const { delivery } = await submit();
    await Promise.all([meter.settleWebhook(delivery), meter.settleWebhook(delivery)]);
    expect(plain(await meter.spend())).toMatchObject({ spent: "0.04", calls: 1 });
    expect(events.filter(({ type }) => type === "call-settled")).toHaveLength(1);
  });

  test("of a purchase in another ledger is of an unknown request", async () => {
    const { emulator, clock, submit } = await open();
    const { requestId, delivery } = await submit();
    const other = openClient(emulator, { clock });
    expect(await other.meter.settleWebhook(delivery)).toEqual({ outcome: "unknown-request", requestId });
  });

  test("whose result cannot be had leaves the money held, for reconcile to settle", async () => {
    const { clock, emulator, meter, submit } = await open();
    const { requestId, delivery } = await submit();
    emulator.fault({ match: { kind: "result" }, times: 1, do: { status: 503, body: "down" } });
    expect(await meter.settleWebhook(delivery)).toEqual({ outcome: "not-finished", requestId });
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
    clock.set(noon + 11 * minute);
    expect(await meter.reconcile()).toMatchObject({ settled: 1 });
  });

  test("after its purchase was given up corrects what was booked", async () => {
    const { clock, emulator, meter, submit } = await open({ budgets: [{ limit: 1, per: "hour" }] });
    const { requestId, delivery } = await submit();
    const disarm = emulator.fault({ match: { kind: "any" }, do: { status: 503 } });
    clock.set(noon + 24 * 60 * minute);
    expect(await meter.reconcile()).toMatchObject({ expired: 1 });
    disarm();
    clock.set(noon);
    emulator.fault({ match: { kind: "result" }, times: 1, do: { units: "2" } });
    expect(await meter.settleWebhook(delivery)).toEqual({ outcome: "already", requestId });
    expect(plain(await meter.receipt(requestId))).toMatchObject({ actual: "0.08", basis: "billed-units" });
  });

  test("of a job that this process watches gives its place to the next", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const clock = new Calendar();
    const emulator = await openEmulator({ clock });
    const config = { fetch: publishing(emulator, () => [publicKey]) };
    const { fal, meter, events } = openClient(emulator, { clock, limits: { concurrency: 1 } }, config);
    const { request_id: requestId } = await fal.queue.submit(image, { input });
    const second = fal.queue.submit(image, { input });
    await eventually(() => expect(events.map(({ type }) => type)).toContain("call-queued"));
    expect(emulator.paidPosts()).toBe(1);
    expect(await meter.settleWebhook(signed(privateKey, requestId, noon))).toMatchObject({ outcome: "settled" });
    await second;
    expect(emulator.paidPosts()).toBe(2);
  });
});

describe("a webhook that is not believed does nothing:", () => {
  const doNothing = async ({ emulator, meter }: Awaited<ReturnType<typeof open>>) => {
    expect(plain(await meter.budgets())).toMatchObject([{ spent: "0", held: "0.04" }]);
    expect(emulator.requests.filter(({ kind }) => kind === "status" || kind === "result")).toEqual([]);
  };

  test("one whose body was changed, or whose headers were", async () => {
    const opened = await open();
    const { delivery } = await opened.submit();
    const { headers, body } = delivery;
    const changed = { ...headers, "x-fal-webhook-user-id": "another" };
    expect(await refusal(opened.meter.settleWebhook({ headers, body: `${body} ` }))).toBe("signature");
    expect(await refusal(opened.meter.settleWebhook({ headers: changed, body }))).toBe("signature");
    await doNothing(opened);
  });

  test("one signed with a key that is not fal's, for which fal's keys are read again once a minute", async () => {
    const opened = await open();
    const { clock, emulator, meter } = opened;
    const { requestId, delivery } = await opened.submit();
    const forged = signed(generateKeyPairSync("ed25519").privateKey, requestId, noon);
    for (let again = 0; again < 5; again++) expect(await refusal(meter.settleWebhook(forged))).toBe("signature");
    expect(keyReads(emulator)).toBe(1);
    clock.set(noon + minute);
    for (let again = 0; again < 5; again++) expect(await refusal(meter.settleWebhook(forged))).toBe("signature");
    expect(keyReads(emulator)).toBe(2);
    await doNothing(opened);
    expect(await meter.settleWebhook(delivery)).toMatchObject({ outcome: "settled" });
  });

  test.for([301, -301])("one that is %d seconds old", async (age) => {
    const opened = await open();
    const { delivery } = await opened.submit();
    opened.clock.set(noon + age * 1_000);
    expect(await refusal(opened.meter.settleWebhook(delivery))).toBe("timestamp");
    await doNothing(opened);
    opened.clock.set(noon + Math.sign(age) * 300_000);
    expect(await opened.meter.settleWebhook(delivery)).toMatchObject({ outcome: "settled" });
  });

  test("one that is not what fal sends", async () => {
    const opened = await open();
    const { headers, body } = (await opened.submit()).delivery;
    const without = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "x-fal-webhook-user-id"));
    const read = new Request("https://app.example", { method: "POST", headers, body });
    await read.text();
    const broken: unknown[] = [
      { headers: without, body },
      { headers: { ...headers, "x-fal-webhook-signature": "abc" }, body },
      { headers: { ...headers, "x-fal-webhook-timestamp": "now" }, body },
      { headers, body: "no JSON" },
      { headers, body: JSON.parse(body) },
      { headers: null, body },
      read,
    ];
    for (const each of broken) expect(await refusal(opened.meter.settleWebhook(each as Request))).toBe("malformed");
    await doNothing(opened);
  });

  test("one that comes while fal's keys cannot be read, and it is believed once they can", async () => {
    const opened = await open();
    const { clock, emulator, meter } = opened;
    const { delivery } = await opened.submit();
    emulator.fault({ match: { kind: "keys" }, times: 1, do: { status: 503 } });
    for (let again = 0; again < 3; again++) expect(await refusal(meter.settleWebhook(delivery))).toBe("keys");
    expect(keyReads(emulator)).toBe(1);
    clock.set(noon + minute);
    expect(await meter.settleWebhook(delivery)).toMatchObject({ outcome: "settled" });
  });
});

test("fal's keys are kept for a day, and a new one is found at once", async () => {
  const first = generateKeyPairSync("ed25519");
  const second = generateKeyPairSync("ed25519");
  let published = [first.publicKey];
  let reads = 0;
  const clock = new Calendar();
  const emulator = await openEmulator({ clock });
  const keys = () => {
    reads++;
    return published;
  };
  const { meter } = openClient(emulator, { clock }, { fetch: publishing(emulator, keys) });
  const settle = (key: KeyObject) => meter.settleWebhook(signed(key, "nobody's", clock.now()));
  await settle(first.privateKey);
  clock.set(noon + 23 * 60 * minute);
  await settle(first.privateKey);
  expect(reads).toBe(1);
  published = [second.publicKey];
  expect(await settle(second.privateKey)).toMatchObject({ outcome: "unknown-request" });
  expect(reads).toBe(2);
  expect(await refusal(settle(first.privateKey))).toBe("signature");
  clock.set(noon + 48 * 60 * minute);
  await settle(second.privateKey);
  expect(reads).toBe(3);
});

/** A fal that publishes these keys, after one of another kind. */
function publishing(emulator: Emulator, keys: () => readonly KeyObject[]): typeof fetch {
  return async (address, init) => {
    if (!String(address).endsWith("jwks.json")) return emulator.fetch(address, init);
    return Response.json({ keys: [{ kty: "RSA" }, ...keys().map((key) => key.export({ format: "jwk" }))] });
  };
}

function signed(key: KeyObject, requestId: string, now: number): Arrived {
  const body = JSON.stringify({ request_id: requestId, status: "OK", payload: {} });
  const timestamp = String(Math.floor(now / 1_000));
  const digest = createHash("sha256").update(body).digest("hex");
  const message = Buffer.from([requestId, "user", timestamp, digest].join("\n"));
  const headers = {
    "x-fal-webhook-request-id": requestId,
    "x-fal-webhook-user-id": "user",
    "x-fal-webhook-timestamp": timestamp,
    "x-fal-webhook-signature": sign(null, message, key).toString("hex"),
  };
  return { headers, body };
}

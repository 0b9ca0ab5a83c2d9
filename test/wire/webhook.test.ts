import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readWebhook, type WebhookDelivery, WebhookError } from "../../src/wire/webhook.ts";
import { createWebhookKeys } from "../../src/wire/webhook-keys.ts";
import { streamOf } from "./pieces.ts";

const now = Date.UTC(2026, 10, 1, 12);
const seconds = now / 1_000;
const body = '{"request_id":"r-1","status":"OK"}';
const signature = "0aF9".repeat(32);

function headersOf(rest: Record<string, string | string[] | undefined> = {}) {
  return {
    "x-fal-webhook-request-id": "job",
    "x-fal-webhook-user-id": "user",
    "x-fal-webhook-timestamp": String(seconds),
    "x-fal-webhook-signature": signature,
    ...rest,
  };
}

async function refusal(delivery: unknown, at = now): Promise<WebhookError> {
  const error: unknown = await readWebhook(delivery as WebhookDelivery, at).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WebhookError);
  return error as WebhookError;
}

describe("a webhook's form", () => {
  it("says what was signed, by whom, and of which job", async () => {
    const { requestId, message, signature: bytes } = await readWebhook({ headers: headersOf(), body }, now);
    expect(requestId).toBe("r-1");
    const digest = createHash("sha256").update(body).digest("hex");
    expect(new TextDecoder().decode(message)).toBe(`job\nuser\n${seconds}\n${digest}`);
    expect(Buffer.from(bytes).toString("hex")).toBe(signature.toLowerCase());
  });

  it.each<[string, () => unknown]>([
    [
      "bytes in the middle of a buffer",
      () => ({ headers: headersOf(), body: new TextEncoder().encode(`{}${body}`).subarray(2) }),
    ],
    ["Headers", () => ({ headers: new Headers(headersOf() as Record<string, string>), body })],
    [
      "headers in another case",
      () => ({
        headers: Object.fromEntries(Object.entries(headersOf()).map(([name, text]) => [name.toUpperCase(), text])),
        body,
      }),
    ],
    [
      "a Request in pieces",
      () => {
        const pieces = streamOf([body.slice(0, 7), body.slice(7)].map((text) => Buffer.from(text)));
        const init = { method: "POST", headers: headersOf() as Record<string, string>, body: pieces, duplex: "half" };
        return new Request("https://app.example/hook", init as RequestInit);
      },
    ],
  ])("is the same for %s", async (_, delivery) => {
    const wanted = await readWebhook({ headers: headersOf(), body }, now);
    expect(await readWebhook(delivery() as WebhookDelivery, now)).toEqual(wanted);
  });

  it.each([
    ["no headers", { headers: undefined, body }],
    ["null for headers", { headers: null, body }],
    ["headers of text", { headers: "x-fal-webhook-signature", body }],
    ["no signature", { headers: headersOf({ "x-fal-webhook-signature": undefined }), body }],
    ["a signature too short", { headers: headersOf({ "x-fal-webhook-signature": signature.slice(2) }), body }],
    ["a signature too long", { headers: headersOf({ "x-fal-webhook-signature": `00${signature}` }), body }],
    ["a signature with more behind it", { headers: headersOf({ "x-fal-webhook-signature": `${signature}00` }), body }],
    ["a signature of other letters", { headers: headersOf({ "x-fal-webhook-signature": "xy".repeat(64) }), body }],
    ["two signatures", { headers: headersOf({ "x-fal-webhook-signature": [signature, signature] }), body }],
    ["an empty user", { headers: headersOf({ "x-fal-webhook-user-id": "" }), body }],
    ["a user of 1,001 characters", { headers: headersOf({ "x-fal-webhook-user-id": "u".repeat(1_001) }), body }],
    ["a time in words", { headers: headersOf({ "x-fal-webhook-timestamp": `on ${seconds}` }), body }],
    ["a time with more behind it", { headers: headersOf({ "x-fal-webhook-timestamp": `${seconds}.5` }), body }],
    ["a time of 13 digits", { headers: headersOf({ "x-fal-webhook-timestamp": `000${seconds}` }), body }],
    ["no body", { headers: headersOf(), body: undefined }],
    ["a body that was parsed before", { headers: headersOf(), body: JSON.parse(body) }],
    ["a body that is no JSON", { headers: headersOf(), body: "{" }],
    ["a body that names no job", { headers: headersOf(), body: "{}" }],
    [
      "a Request without a body",
      new Request("https://app.example/", { headers: headersOf() as Record<string, string> }),
    ],
  ])("is none with %s", async (_, delivery) => {
    expect((await refusal(delivery)).reason).toBe("malformed");
  });

  it("may have headers of 1,000 characters, and a signature of any case", async () => {
    const headers = headersOf({
      "x-fal-webhook-user-id": "u".repeat(1_000),
      "x-fal-webhook-signature": signature.toUpperCase(),
    });
    expect(await readWebhook({ headers, body }, now)).toMatchObject({ requestId: "r-1" });
  });

  it("is none of a Request that has been read already", async () => {
    const request = new Request("https://app.example/", {
      method: "POST",
      headers: headersOf() as Record<string, string>,
      body,
    });
    await request.text();
    const error = await refusal(request);
    expect(error.reason).toBe("malformed");
    expect(error.message).toMatch(/read already/);
  });

  it("is none above 64 MiB, and no more of it is read", async () => {
    const limit = 64 * 1_048_576;
    const whole = Buffer.alloc(limit, " ");
    whole.write(body);
    expect(await readWebhook({ headers: headersOf(), body: whole }, now)).toMatchObject({ requestId: "r-1" });
    const request = (stream: ReadableStream) => {
      const init = { method: "POST", headers: headersOf() as Record<string, string>, body: stream, duplex: "half" };
      return new Request("https://app.example/", init as RequestInit);
    };
    expect(await readWebhook(request(streamOf([whole])), now)).toMatchObject({ requestId: "r-1" });
    const long = await refusal({ headers: headersOf(), body: Buffer.alloc(limit + 1) });
    expect([long.reason, long.message]).toEqual(["malformed", expect.stringMatching(/longer than/)]);
    let cancelled = 0;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16 * 1_048_576)),
      cancel: () => void cancelled++,
    });
    expect((await refusal(request(endless))).message).toMatch(/longer than/);
    expect(cancelled).toBe(1);
  });

  it.each([
    [300_499, true],
    [300_500, false],
    [-300_499, true],
    [-300_500, false],
  ])("holds %i ms from its time: %j", async (ms, holds) => {
    if (holds) expect(await readWebhook({ headers: headersOf(), body }, now + ms)).toMatchObject({ requestId: "r-1" });
    else expect((await refusal({ headers: headersOf(), body }, now + ms)).reason).toBe("timestamp");
  });

  it.each([
    ["malformed", /the body's bytes as they came/],
    ["timestamp", /this machine's clock/],
    ["signature", /does not come from fal/],
    ["keys", /fal sends it again/],
  ] as const)("of which %s is wrong says so, and the next step", (reason, next) => {
    const error = new WebhookError(reason, "something is wrong");
    expect(error).toMatchObject({ name: "WebhookError", reason });
    expect(error.message).toMatch(next);
    expect(error.message).toContain("something is wrong");
  });
});

const jwk = (key: KeyObject) => key.export({ format: "jwk" });
const message = new TextEncoder().encode("what was signed");

/** A fal that has these keys, counts who asks for them, and can be made to fail. */
function openKeys() {
  const [old, next] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
  const time = { now };
  const fal = { answer: () => Promise.resolve(Response.json({ keys: [jwk(old.publicKey)] })), asked: [] as string[] };
  const asker = {
    get: (url: string) => {
      fal.asked.push(url);
      return fal.answer();
    },
  };
  const clock = { now: () => time.now, sleep: () => Promise.resolve() };
  const keys = createWebhookKeys({ asker, clock });
  const confirm = (by: KeyObject) => keys.confirm(message, new Uint8Array(sign(null, message, by)));
  const give = (...given: unknown[]) => {
    fal.answer = () => Promise.resolve(Response.json({ keys: given }));
  };
  return { old, next, time, fal, give, confirm };
}

const minute = 60_000;
const day = 24 * 60 * minute;

describe("fal's keys", () => {
  it("are read when they are first needed, and kept for a day", async () => {
    const { old, time, fal, confirm } = openKeys();
    expect(fal.asked).toEqual([]);
    expect(await confirm(old.privateKey)).toBe("confirmed");
    time.now += day - 1;
    expect(await confirm(old.privateKey)).toBe("confirmed");
    expect(fal.asked).toEqual(["https://rest.fal.ai/.well-known/jwks.json"]);
    time.now += 1;
    expect(await confirm(old.privateKey)).toBe("confirmed");
    expect(fal.asked).toHaveLength(2);
  });

  it("are read again for a signature that none of them made, but once a minute at most", async () => {
    const { old, next, time, fal, give, confirm } = openKeys();
    await confirm(old.privateKey);
    give(jwk(old.publicKey), jwk(next.publicKey));
    time.now += minute - 1;
    expect(await confirm(next.privateKey)).toBe("refused");
    expect(fal.asked).toHaveLength(1);
    time.now += 1;
    expect(await confirm(next.privateKey)).toBe("confirmed");
    expect(await confirm(old.privateKey)).toBe("confirmed");
    expect(fal.asked).toHaveLength(2);
  });

  it("just read are not read again for a forged signature", async () => {
    const { next, fal, confirm } = openKeys();
    expect(await confirm(next.privateKey)).toBe("refused");
    expect(fal.asked).toHaveLength(1);
  });

  it("are asked for once by all who need them at the same time", async () => {
    const { old, fal, confirm } = openKeys();
    expect(await Promise.all([1, 2, 3].map(() => confirm(old.privateKey)))).toEqual(Array(3).fill("confirmed"));
    expect(fal.asked).toHaveLength(1);
  });

  it.each<[string, () => Promise<Response>]>([
    ["fal cannot be reached", () => Promise.reject(new Error("reset"))],
    ["fal answers with an error", () => Promise.resolve(Response.json({ keys: [] }, { status: 503 }))],
    ["the answer is no JSON", () => Promise.resolve(new Response("<html>"))],
    ["the answer is nothing", () => Promise.resolve(Response.json(null))],
    ["there is no list", () => Promise.resolve(Response.json({ keys: { 0: 1 } }))],
    ["there is no key in it", () => Promise.resolve(Response.json({ keys: [null, 5, {}] }))],
  ])("are not known where %s; after a minute they are asked for again", async (_, answer) => {
    const { old, time, fal, give, confirm } = openKeys();
    fal.answer = answer;
    expect(await confirm(old.privateKey)).toBe("no-keys");
    expect(await confirm(old.privateKey)).toBe("no-keys");
    expect(fal.asked).toHaveLength(1);
    give(jwk(old.publicKey));
    time.now += minute;
    expect(await confirm(old.privateKey)).toBe("confirmed");
  });

  it("in an answer with an error status count for nothing", async () => {
    const { old, fal, confirm } = openKeys();
    fal.answer = () => Promise.resolve(Response.json({ keys: [jwk(old.publicKey)] }, { status: 500 }));
    expect(await confirm(old.privateKey)).toBe("no-keys");
  });

  it("known so far stand while fal fails, until their day is over", async () => {
    const { old, next, time, fal, confirm } = openKeys();
    await confirm(old.privateKey);
    fal.answer = () => Promise.reject(new Error("reset"));
    time.now += day - 1;
    expect(await confirm(next.privateKey)).toBe("refused");
    expect(await confirm(old.privateKey)).toBe("confirmed");
    time.now += 1;
    expect(await confirm(old.privateKey)).toBe("no-keys");
  });

  it("are not kept for longer by a clock that is set back, nor is fal left unasked", async () => {
    const { old, time, fal, confirm } = openKeys();
    await confirm(old.privateKey);
    time.now -= day;
    expect(await confirm(old.privateKey)).toBe("confirmed");
    expect(fal.asked).toHaveLength(2);
  });

  it("of another kind, and ones that are none, do not take the others with them", async () => {
    const { old, next, give, confirm } = openKeys();
    const good = jwk(old.publicKey);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
    give(
      { ...good, kty: "EC" },
      { ...good, crv: "X25519" },
      { ...good, x: 5 },
      { ...good, x: "short" },
      jwk(rsa.publicKey),
    );
    expect(await confirm(old.privateKey)).toBe("no-keys");
    const { give: giveBoth, ...both } = openKeys();
    giveBoth({ ...good, x: "short" }, jwk(both.old.publicKey), jwk(both.next.publicKey));
    expect(await both.confirm(both.next.privateKey)).toBe("confirmed");
    expect(await confirm(next.privateKey)).toBe("no-keys");
  });

  it("are the first 20 of a list, and none of a list above a megabyte", async () => {
    const pairs = Array.from({ length: 21 }, () => generateKeyPairSync("ed25519"));
    const many = openKeys();
    many.give(...pairs.map(({ publicKey }) => jwk(publicKey)));
    expect(await many.confirm(pairs[19]!.privateKey)).toBe("confirmed");
    expect(await many.confirm(pairs[20]!.privateKey)).toBe("refused");
    const list = (length: number) => JSON.stringify({ keys: [jwk(many.old.publicKey)] }).padEnd(length, " ");
    const long = openKeys();
    long.fal.answer = () => Promise.resolve(new Response(list(1_048_577)));
    expect(await long.confirm(many.old.privateKey)).toBe("no-keys");
    const whole = openKeys();
    whole.fal.answer = () => Promise.resolve(new Response(list(1_048_576)));
    expect(await whole.confirm(many.old.privateKey)).toBe("confirmed");
  });
});

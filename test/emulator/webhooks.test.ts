import { createHash, createPublicKey, type JsonWebKeyInput, verify } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { MovedClock } from "./moved-clock.ts";
import { open } from "./open.ts";

interface Delivery {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A receiver that answers each delivery with the next of the statuses, the last one from then on. */
async function receiver(...statuses: number[]) {
  const deliveries: Delivery[] = [];
  let arrived = () => {};
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    deliveries.push({ headers: request.headers, body });
    response.writeHead(statuses[Math.min(deliveries.length, statuses.length) - 1]!).end();
    arrived();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const next = async (count: number) => {
    while (deliveries.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    return deliveries[count - 1]!;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, deliveries, next };
}

test("the end of a job is told to its webhook, with a signature that the public key confirms", async () => {
  const { emulator, fal } = await open();
  const hook = await receiver(200);
  const { request_id } = await fal.queue.submit("fal-ai/flux/dev", {
    input: { prompt: "a fox" },
    webhookUrl: hook.url,
  });
  const { headers, body } = await hook.next(1);
  expect(JSON.parse(body)).toMatchObject({ request_id, status: "OK", payload: { images: [{ width: 1024 }] } });
  expect(body).not.toContain("cost");
  const jwks = await emulator.fetch("https://rest.fal.ai/.well-known/jwks.json");
  const { keys } = (await jwks.json()) as { keys: JsonWebKeyInput["key"][] };
  const key = createPublicKey({ key: keys[0]!, format: "jwk" });
  const confirmed = (text: string) => {
    const digest = createHash("sha256").update(text).digest("hex");
    const named = ["request-id", "user-id", "timestamp"].map((name) => headers[`x-fal-webhook-${name}`]);
    const signature = Buffer.from(String(headers["x-fal-webhook-signature"]), "hex");
    return verify(null, Buffer.from([...named, digest].join("\n")), key, signature);
  };
  expect(headers["x-fal-webhook-request-id"]).toBe(request_id);
  expect([confirmed(body), confirmed(`${body} `)]).toEqual([true, false]);
});

test("a refusal by the model is told as an error", async () => {
  const { fal } = await open();
  const hook = await receiver(200);
  await fal.queue.submit("fal-ai/flux/dev", { input: { prompt: "" }, webhookUrl: hook.url });
  const { body } = await hook.next(1);
  expect(JSON.parse(body)).toMatchObject({
    status: "ERROR",
    error: "Unexpected status code: 422",
    payload: { detail: [{ loc: ["body", "prompt"] }] },
  });
});

test("a webhook that fails is told again, the same words under the same id", async () => {
  const clock = new MovedClock();
  const { fal } = await open({ clock });
  const hook = await receiver(500, 200);
  await fal.queue.submit("fal-ai/flux/dev", { input: { prompt: "a fox" }, webhookUrl: hook.url });
  const first = await hook.next(1);
  await expect.poll(() => clock.sleepers).toBe(1);
  await clock.move(1000);
  const second = await hook.next(2);
  expect(second.body).toBe(first.body);
  await fal.queue.submit("fal-ai/flux/dev", { input: { prompt: "a hare" }, webhookUrl: hook.url });
  await hook.next(3);
  expect([clock.sleepers, hook.deliveries.length]).toEqual([0, 3]);
});

test("a webhook that is no web address is refused, and nothing is bought", async () => {
  const { emulator } = await open();
  const at = "https://queue.fal.run/fal-ai/flux/dev?fal_webhook=file:///etc/hosts";
  const answer = await emulator.fetch(at, { method: "POST", body: "{}" });
  expect([answer.status, emulator.paidPosts()]).toEqual([400, 0]);
});

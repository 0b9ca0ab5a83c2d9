import { createFalClient } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";
import { beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../store/redis-server.ts";
import { emptyFolder, run } from "./command.ts";

/** With a password, which no command may show. */
let store: string;

beforeAll(async () => {
  const redis = await startRedis();
  await redis.admin.acl("SETUSER", "meter", "on", ">s3cret-0451", "allkeys", "+@all");
  store = redis.url.replace("redis://", "redis://meter:s3cret-0451@");
  const emulator = await startEmulator();
  const budgets = [{ name: "daily", limit: 1, per: "day" as const }];
  const client = createFalClient({ credentials: "none", fetch: emulator.fetch, meter: { store, budgets } });
  await client.with({ tags: { customer: "acme" } }).run("fal-ai/flux/dev", { input: { prompt: "a boat" } });
  await client.meter.close();
  await emulator.close();
});

describe("a ledger on Redis", () => {
  it.each([
    ["spend", ["spend"], "fal-ai/flux/dev"],
    ["report", ["report", "day", "--by", "tag:customer"], "acme"],
    ["statement", ["statement"], "fal-ai/flux/dev"],
    ["budget", ["budget"], "daily"],
    ["alerts", ["alerts"], "Nothing that anybody should hear of."],
    ["advise", ["advise"], "Nothing stands out"],
    ["what-if", ["what-if", "--cache", "24h"], "It would have cost the same."],
    ["doctor", ["doctor"], "Nothing is wrong."],
  ])("is read by %s as one in a file is", async (_name, args, shown) => {
    const { code, out, err } = await run([...args, "--store", store], { cwd: emptyFolder() });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(shown);
    expect(out).not.toContain("0451");
  });

  it("that does not answer ends a command with 1, and its password stays unsaid", async () => {
    const closed = "redis://meter:s3cret-0451@127.0.0.1:1";
    for (const args of [["spend"], ["doctor"]]) {
      const { code, out, err } = await run(args, { cwd: emptyFolder(), env: { FAL_METER_STORE: closed } });
      expect(code).toBe(1);
      expect(out + err).toContain("127.0.0.1:1");
      expect(out + err).not.toContain("0451");
    }
    const misspelt = await run(["spend", "--store", "reddis://meter:s3cret-0451@127.0.0.1"], { cwd: emptyFolder() });
    expect(misspelt.code).toBe(2);
    expect(misspelt.err).not.toContain("0451");
  });
});

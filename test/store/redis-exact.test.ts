import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointMatcher } from "../../src/call.ts";
import { connectRedisStore } from "../../src/store/redis.ts";
import { exactLua } from "../../src/store/redis-lua/exact.ts";
import { keysLua } from "../../src/store/redis-lua/keys.ts";
import { startRedis } from "./redis-server.ts";
import { charged, correction, fixed, noon, request, rolling } from "./samples.ts";

const server = await startRedis();
const lua = (body: string, ...values: string[]) => server.admin.eval(body, 1, "{fm:x}:meta", ...values);

/** Around the places where doubles, limbs and 64 bits end. */
const edges = [1e7, 2 ** 53, 1e15, 1e16].map(BigInt).concat(2n ** 63n, 2n ** 64n, 10n ** 14n, 10n ** 21n, 10n ** 30n);
const integer = fc.oneof(
  fc.bigInt(-(10n ** 40n), 10n ** 40n),
  fc.bigInt(-(2n ** 55n), 2n ** 55n),
  fc
    .tuple(fc.constantFrom(...edges), fc.bigInt(-3n, 3n), fc.boolean())
    .map(([edge, step, negative]) => (negative ? -(edge + step) : edge + step)),
);

describe("sums in the server", () => {
  test("are exact for integers of any length and sign", async () => {
    await fc.assert(
      fc.asyncProperty(integer, integer, async (a, b) => {
        expect(await lua(`${exactLua} return sum(ARGV[1], ARGV[2])`, `${a}`, `${b}`)).toBe(`${a + b}`);
        expect(await lua(`${exactLua} return sum(ARGV[1], minus(ARGV[2]))`, `${a}`, `${b}`)).toBe(`${a - b}`);
      }),
      { numRuns: 1_000 },
    );
  });

  test("are compared exactly, a single one apart", async () => {
    await fc.assert(
      fc.asyncProperty(integer, fc.bigInt(-2n, 2n), async (a, step) => {
        const b = a + step;
        expect(await lua(`${exactLua} return atMost(ARGV[1], ARGV[2]) and 1 or 0`, `${a}`, `${b}`)).toBe(
          a <= b ? 1 : 0,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

test("any course of large holds, bills and corrections is counted to the nano-dollar", async () => {
  const amount = fc.oneof(
    fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n),
    fc.bigInt(0n, 10n ** 18n),
    fc.bigInt(10n ** 18n - 3n, 10n ** 18n),
  );
  const move = fc.record({
    amount,
    bill: amount,
    change: fc.bigInt(-(10n ** 24n), 10n ** 24n),
    slack: fc.bigInt(-1n, 1n),
  });
  let ledgers = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 12 }), async (moves) => {
      ledgers += 1;
      const store = await connectRedisStore({ client: server.admin, prefix: `large-${ledgers}` });
      let [spent, held] = [0n, 0n];
      for (const [i, { amount, bill, change, slack }] of moves.entries()) {
        const charges = [fixed("fixed", spent + held + amount + slack), rolling("rolling", null, 60_000)];
        const answer = await store.hold(request(`h${i}`, { amount, charges }));
        expect(answer.outcome).toBe(slack < 0n ? "refused" : "held");
        if (answer.outcome !== "held") continue;
        held += amount;
        expect(answer).toMatchObject({
          counters: [
            { spent, held },
            { spent, held },
          ],
        });
        if (i % 3 === 0) continue;
        const settled = await store.settle(`h${i}`, charged(bill, { at: noon + 1 }));
        held -= amount;
        spent += bill;
        expect(settled).toMatchObject({
          entry: { actual: bill },
          counters: [
            { spent, held },
            { spent, held },
          ],
        });
        await store.record(correction(`c${i}`, change, { charges, settledAt: noon + 2 }));
        spent += change;
      }
      expect(await store.totals({ by: [] })).toMatchObject([{ spent, held }]);
    }),
    { numRuns: 60 },
  );
});

test("an endpoint glob means in the server what it means here", async () => {
  const piece = fc.constantFrom("a", "b", "ab", "*", "**", ".", "%", "-", "[", "^", "/", "é");
  const words = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(words, words, async (glob, endpoint) => {
      const script = `${keysLua} return matches(cjson.decode(ARGV[1]), ARGV[2]) and 1 or 0`;
      const matched = await lua(script, JSON.stringify(glob.split("*")), endpoint);
      expect(matched).toBe(endpointMatcher(glob)(endpoint) ? 1 : 0);
    }),
    { numRuns: 1_000 },
  );
});

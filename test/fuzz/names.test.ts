import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFalClient, isMeterError } from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { charged, fixed, hour, noon, note, request, result, rolling } from "../store/samples.ts";
import { newPath } from "../store/sqlite-folder.ts";
import { readBooks, wrongInBooks } from "./books.ts";
import { createFar, ENDPOINT, REQUEST_ID, TICKET } from "./play.ts";
import { ended, quickRealm, SleepersClock } from "./realm.ts";
import { cases, withSeed } from "./seed.ts";

quickRealm();

const ODD = [
  ...[
    "",
    " ",
    "|",
    "||",
    "a|b",
    "day|b1",
    "day|b1|",
    "%",
    "_",
    "*",
    "?",
    "[a]",
    "a\nb",
    "\t",
    "'",
    '"',
    "`",
    "\\",
    "; --",
    "--",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "null",
    "undefined",
    "0",
    "-1",
    "{}",
    "[]",
    "{x}",
    "}{",
    "ä",
    "a\u0308",
    "💥",
    "\u202e",
    "\uffff",
  ],
  ...[
    "\u{10ffff}",
    "\u{10ffff}\u{10ffff}",
    "A",
    "a",
    "x".repeat(5_000),
    "=1+1",
    "<b>",
    "${x",
    "%s",
    "..",
    "/",
    "\u0001",
    "é".repeat(999),
  ],
];
/** Half a character cannot be kept by anybody. */
function isWhole(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "binary", maxLength: 12 }).filter((text) => isWhole(text) && !text.includes("\u0000")),
  },
);

let sqlite: Store;
beforeAll(async () => {
  sqlite = await openSqliteStore(newPath());
});
afterAll(() => sqlite.close());

const stores: [name: string, open: () => Store][] = [
  ["memory", () => createMemoryStore()],
  ["SQLite", () => sqlite],
];

let used = 0;

/** One ledger serves all cases of SQLite, so every case has names of its own. */
function own(text: string, one: number): string {
  return `${one}#${text}`;
}

describe.each(stores)(`odd names in the %s store ${withSeed}`, (_, open) => {
  test("counters are themselves and nobody else's, by any prefix", async () => {
    const some = fc.uniqueArray(name, { minLength: 2, maxLength: 5 });
    const check = async (names: string[], rolls: boolean) => {
      const [store, one] = [open(), used++];
      const ids = names.map((each) => own(each, one));
      for (const [index, id] of ids.entries()) {
        const charge = rolls ? rolling(id, 100n, hour) : fixed(id, 100n);
        const hold = request(own(`h${index}`, one), { amount: BigInt(index + 1), charges: [charge] });
        expect((await store.hold(hold)).outcome).toBe("held");
        if (index % 2 === 1) await store.settle(hold.id, charged(BigInt(index + 1)));
      }
      for (const [index, id] of ids.entries()) {
        const found = await store.counters({ prefix: id, at: noon });
        const spentOrHeld = new Map(found.map(({ counter, spent, held }) => [counter, spent + held]));
        expect(spentOrHeld.get(id)).toBe(BigInt(index + 1));
        expect([...spentOrHeld.keys()].sort()).toEqual(ids.filter((other) => other.startsWith(id)).sort());
      }
    };
    await fc.assert(fc.asyncProperty(some, fc.boolean(), check), cases(150));
  });

  test("notes and results are found by their own names, and come back as they were", async () => {
    const check = async (kind: string, keys: string[], value: string) => {
      const [store, one] = [open(), used++];
      const ownKind = own(kind, one);
      for (const [index, key] of keys.entries()) {
        await store.putNote(note(ownKind, key, { value: `${value}${index}` }));
        await store.putResult(
          result(own(key, one), {
            requestId: own(`r${key}`, one),
            endpointId: own(key, one),
            tags: { [key || "t"]: key },
            contentType: value,
          }),
        );
      }
      expect((await store.listNotes(ownKind, noon)).length).toBe(keys.length);
      for (const [index, key] of keys.entries()) {
        expect((await store.getNote(ownKind, key, noon))?.value).toBe(`${value}${index}`);
        const kept = await store.getResult({ key: own(key, one) }, noon);
        expect(kept).toMatchObject({ requestId: own(`r${key}`, one), contentType: value });
        expect(Object.entries(kept!.tags)).toEqual([[key || "t", key]]);
        expect((await store.getResult({ requestId: own(`r${key}`, one) }, noon))?.key).toBe(own(key, one));
      }
      await store.deleteNote(ownKind, keys[0]!);
      expect((await store.listNotes(ownKind, noon)).length).toBe(keys.length - 1);
      expect(await store.deleteResults({ key: own(keys[0]!, one) })).toBe(1);
      expect(await store.getResult({ key: own(keys[0]!, one) }, noon)).toBeUndefined();
    };
    const keys = fc.uniqueArray(name, { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(name, keys, name, check), cases(150));
  });
});

const KINDS = ["budget", "learned", "price", "prices", "upload", "audit", "alert", "alert-sent", "live-price"];
const NOTES = [
  ...[
    "",
    "{",
    "null",
    "0",
    "[]",
    "{}",
    '""',
    '"x"',
    "[".repeat(2_000),
    '{"count":-1,"amount":{"min":"x"}}',
    '{"unitPrice":{"amount":"1e999","at":"x"}}',
  ],
  ...[
    '{"budget":{"name":1,"limit":"x"},"key":null}',
    '{"budget":null}',
    '{"prices":[null]}',
    '{"__proto__":{"count":1}}',
    '{"unit":5,"unitPrice":{}}',
  ],
  ...['{"count":1e308,"at":"now","units":[],"amount":{"min":"-1","max":"NaN","last":"Infinity"}}'],
];
/** How a lost purchase was recognised, as nobody wrote it. */
const AUDITS = ["{", "null", "[5]"];
const noteKey = fc.oneof(name, fc.constantFrom(ENDPOINT, `${ENDPOINT}|`, `${ENDPOINT}|{"a":1}`, "|", REQUEST_ID));

describe(`malformed notes and results ${withSeed}`, () => {
  test("break no call and no report", async () => {
    const notes = fc.array(
      fc.record({
        kind: fc.constantFrom(...KINDS),
        key: noteKey,
        value: fc.oneof(fc.constantFrom(...NOTES), fc.json()),
      }),
      { minLength: 1, maxLength: 4 },
    );
    const kept = fc.record({
      status: fc.constantFrom(200, 201, 204, 206, 299),
      contentType: fc.constantFrom("application/json", "", "a/b", "text/event-stream"),
      body: fc.uint8Array({ maxLength: 20 }),
      cost: fc.constantFrom(null, 0n, -5n, 10n ** 18n),
    });
    const check = async (
      given: { kind: string; key: string; value: string }[],
      answer: Partial<Parameters<typeof result>[1]>,
    ) => {
      const store = createMemoryStore();
      const clock = new SleepersClock();
      const at = clock.now();
      for (const each of given) await store.putNote({ ...each, at, expiresAt: null });
      const far = createFar();
      far.begin([TICKET], () => {});
      const options = { store, clock, budgets: [{ limit: 1, per: "day" as const }], cache: { ttl: "1h" as const } };
      const fal = createFalClient({ credentials: "id:secret", fetch: far.fetch, meter: options });
      const input = { prompt: "a cat", seed: 1 };
      const key = await fal.meter.keyOf(ENDPOINT, input);
      await store.putResult(
        result(key, { ...answer, storedAt: at, expiresAt: at + hour, requestId: REQUEST_ID, endpointId: ENDPOINT }),
      );
      for (const call of [
        () => fal.run(ENDPOINT, { input }),
        () => fal.run(ENDPOINT, { input: { ...input, seed: 2 } }),
        () => fal.queue.submit(ENDPOINT, { input: { ...input, seed: 3 } }),
        () => fal.queue.result(ENDPOINT, { requestId: REQUEST_ID }),
        () => fal.estimate(ENDPOINT, input),
        () => fal.meter.reconcile({ olderThan: 1 }),
        ...AUDITS.map((audit) => async () => {
          const { holds, purchases } = await readBooks(store);
          for (const { id } of [...holds, ...purchases])
            await store.putNote({ kind: "audit", key: id, value: audit, at, expiresAt: null });
          await fal.meter.reconcile({ olderThan: 1 });
        }),
      ]) {
        await ended<unknown>(call()).catch((error: unknown) => {
          if (!isMeterError(error) && !(error instanceof SyntaxError)) throw error;
        });
      }
      expect(await wrongInBooks(fal.meter, store, far.paid)).toEqual([]);
      await fal.meter.close();
    };
    await fc.assert(fc.asyncProperty(notes, kept, check), cases(500));
  });
});

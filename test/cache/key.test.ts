import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inputDigest, requestKey, wireKey } from "../../src/cache/key.ts";
import { sha256 } from "../../src/cache/sha256.ts";
import { OptionsError } from "../../src/errors.ts";

const ENDPOINT = "fal-ai/flux/dev";

/** The same contents with every object's keys in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  const turned = Object.entries(value).reverse();
  return Object.fromEntries(turned.map(([key, member]) => [key, reordered(member)]));
}

/** Equality as JSON sees it, found without any serialisation. */
function sameContents(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameContents(left[key], right[key]))
  );
}

/** A small alphabet, so that equal and nearly equal contents come up often. */
const smallJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, 1, 1.5, "", "1", "a", "null", "sha256:00", "\0", "\ud800", '","'),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "a,b", '"', "__proto__"), tie("value"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value;

describe("the cache key", () => {
  it("is the same exactly when the contents are", () => {
    fc.assert(
      fc.property(smallJson, smallJson, (a, b) => {
        expect(wireKey(ENDPOINT, a) === wireKey(ENDPOINT, b)).toBe(sameContents(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it("does not depend on the order of keys, at any depth", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (input) => {
        expect(wireKey(ENDPOINT, reordered(input))).toBe(wireKey(ENDPOINT, input));
      }),
    );
  });

  it("depends on the order of a list", () => {
    expect(wireKey(ENDPOINT, { image_urls: ["a", "b"] })).not.toBe(wireKey(ENDPOINT, { image_urls: ["b", "a"] }));
  });

  it("depends on the endpoint, and no endpoint can pass for another's input", () => {
    expect(wireKey("fal-ai/flux/dev", {})).not.toBe(wireKey("fal-ai/flux/schnell", {}));
    expect(wireKey("a", "b")).not.toBe(wireKey('a"b"', undefined));
  });

  it("is the same for an input and for the JSON the client makes of it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (input) => {
        const json: unknown = JSON.parse(JSON.stringify(input));
        expect(await requestKey(ENDPOINT, input)).toBe(wireKey(ENDPOINT, json));
      }),
    );
    const input = { seed: -0, when: new Date(0), at: new URL("https://a.b/c"), gone: undefined, list: [undefined, 1] };
    expect(await requestKey(ENDPOINT, input)).toBe(wireKey(ENDPOINT, JSON.parse(JSON.stringify(input))));
  });

  it("has one form from version to version, for stores keep it", async () => {
    const keyed = (canonical: string) => sha256(`${JSON.stringify(ENDPOINT)}${canonical}`);
    const input = { b: [1, 23, [], [undefined, "4"]], a: { d: null, c: true, e: undefined, f: false }, " ": {} };
    expect(await requestKey(ENDPOINT, input)).toBe(
      keyed('{" ":{},"a":{"c":true,"d":null,"f":false},"b":[1,23,[],[null,"4"]]}'),
    );
    expect(wireKey(ENDPOINT, undefined)).toBe(keyed(""));
    const bytes = new Uint8Array([1, 2]);
    const files = { blobs: [new Blob([bytes]), new Blob(["b"])], buffer: bytes.buffer, view: bytes };
    const [hash, other] = [sha256(bytes), sha256("b")];
    expect(await requestKey(ENDPOINT, files)).toBe(
      keyed(`{"blobs":[sha256:${hash},sha256:${other}],"buffer":ArrayBuffer:${hash},"view":Uint8Array:${hash}}`),
    );
  });

  it("is the same for records of any kind: without a prototype, or of another realm", async () => {
    const key = wireKey(ENDPOINT, { seed: 1, list: [{}] });
    expect(wireKey(ENDPOINT, Object.assign(Object.create(null), { seed: 1, list: [Object.create(null)] }))).toBe(key);
    expect(wireKey(ENDPOINT, runInNewContext("({ seed: 1, list: [{}] })"))).toBe(key);
  });

  it("asks what has toJSON under which name it stands, once, and takes data of that name for data", async () => {
    const told = { toJSON: (name: string) => `told ${name}` };
    for (const input of [told, { a: told, list: ["x", told] }, { a: { toJSON: () => null } }, { a: { toJSON: 5 } }]) {
      expect(await requestKey(ENDPOINT, input)).toBe(wireKey(ENDPOINT, JSON.parse(JSON.stringify(input))));
    }
    const tellsItself = {
      toJSON() {
        return this;
      },
    };
    await expect(requestKey(ENDPOINT, { a: tellsItself })).rejects.toThrow(/^input\.a\.toJSON must be something that/);
  });

  it("tells 1 from '1' and null from absent", () => {
    const keys = [{ seed: 1 }, { seed: "1" }, { seed: null }, {}, null, undefined, []].map((input) =>
      wireKey(ENDPOINT, input),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("files in the key", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const file = (content: Uint8Array<ArrayBuffer>, name: string) => new File([content], name, { type: `image/${name}` });

  it("count by their bytes and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (a, b) => {
        const one = await requestKey(ENDPOINT, { image_url: new Blob([new Uint8Array(a)]) });
        const other = await requestKey(ENDPOINT, { image_url: file(new Uint8Array(b), "png") });
        expect(one === other).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });

  it("are never an empty object", async () => {
    const keys = await Promise.all(
      [new Blob(["a"]), new Blob(["b"]), {}, "", new Uint8Array([97]), new ArrayBuffer(1)].map((image_url) =>
        requestKey(ENDPOINT, { image_url }),
      ),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("are the same as the URL they were uploaded to, twice", async () => {
    const hash = sha256(new TextEncoder().encode("fox"));
    const urls = ["https://v3.fal.media/files/a.png", "https://v3.fal.media/files/b.png"];
    const uploads = { hashOf: (url: string) => (urls.includes(url) ? hash : undefined) };
    const raw = await requestKey(ENDPOINT, { images: [new Blob(["fox"])] }, uploads);
    for (const url of urls) expect(wireKey(ENDPOINT, { images: [url] }, uploads)).toBe(raw);
    const unknown = ["c", "d"].map((name) => wireKey(ENDPOINT, [`https://v3.fal.media/files/${name}.png`], uploads));
    expect(new Set([...unknown, wireKey(ENDPOINT, [urls[0]], uploads)]).size).toBe(3);
  });

  it("are looked up for what can be an address, and no prompt is shown to the one who knows files", () => {
    const asked: string[] = [];
    const uploads = {
      hashOf: (url: string) => {
        asked.push(url);
        return undefined;
      },
    };
    wireKey(ENDPOINT, { prompt: "a fox", image_url: "https://a.b/c.png" }, uploads);
    expect(asked).toEqual(["https://a.b/c.png"]);
  });

  it("cannot be imitated by a string that spells their hash", async () => {
    const spelled = `sha256:${sha256("fox")}`;
    expect(await requestKey(ENDPOINT, { image_url: new Blob(["fox"]) })).not.toBe(
      await requestKey(ENDPOINT, { image_url: spelled }),
    );
  });

  it("stand in their own places", async () => {
    const [fox, hen] = [new Blob(["fox"]), new Blob(["hen"])];
    expect(await requestKey(ENDPOINT, { image: fox, mask: hen })).not.toBe(
      await requestKey(ENDPOINT, { image: hen, mask: fox }),
    );
    expect(await requestKey(ENDPOINT, { image: fox, mask: hen, text: "\x000\0" })).toBe(
      await requestKey(ENDPOINT, { text: "\x000\0", mask: new Blob(["hen"]), image: new Blob(["fox"]) }),
    );
  });

  it("count by the view's own bytes and kind, where they are typed arrays", async () => {
    const whole = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const view = await requestKey(ENDPOINT, { data: whole.subarray(2, 6) });
    expect(view).toBe(await requestKey(ENDPOINT, { data: new Uint8Array([3, 4, 5, 6]) }));
    expect(view).not.toBe(await requestKey(ENDPOINT, { data: new Float32Array(whole.slice(2, 6).buffer) }));
  });
});

describe("what JSON would lose", () => {
  class Picture {
    readonly title = "a secret prompt";
  }
  const cycle: { self?: unknown } = {};
  cycle.self = { again: cycle };
  const refused: [string, unknown][] = [
    ["a Map", new Map([["a", 1]])],
    ["a Set", new Set([1])],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["an invalid Date", new Date(Number.NaN)],
    ["an instance", new Picture()],
    ["a boxed number", Object(1)],
    ["a promise", Promise.resolve(1)],
    ["what toJSON made of it", { toJSON: () => new Map() }],
  ];

  it.each(refused)("is refused by path: %s", async (_, value) => {
    for (const input of [{ mask: { "the key": [0, value] } }, { mask: { "the key": [0, [value]] } }]) {
      const error: unknown = await requestKey(ENDPOINT, input).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OptionsError);
      expect((error as OptionsError).option).toMatch(/^input\.mask\["the key"\]\[1\]/);
      expect((error as OptionsError).message).not.toContain("secret");
    }
  });

  it("is named by a path that shows no more than 40 characters of a key", async () => {
    const pathTo = async (key: string) => {
      const error: unknown = await requestKey(ENDPOINT, { [key]: Number.NaN }).catch((thrown: unknown) => thrown);
      return (error as OptionsError).option;
    };
    expect(await pathTo("k".repeat(40))).toBe(`input.${"k".repeat(40)}`);
    expect(await pathTo("k".repeat(41))).toBe(`input["${"k".repeat(40)}"]`);
    expect(await pathTo(" ".repeat(41))).toBe(`input["${" ".repeat(40)}"]`);
  });

  it("is refused when it holds itself, but the same object may stand twice", async () => {
    await expect(requestKey(ENDPOINT, cycle)).rejects.toThrow(/^input\.self\.again must be free of cycles/);
    const shared = { a: 1 };
    expect(await requestKey(ENDPOINT, [shared, shared])).toBe(await requestKey(ENDPOINT, [{ a: 1 }, { a: 1 }]));
  });

  it("is refused deeper than 100 levels", () => {
    const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
    expect(wireKey(ENDPOINT, nested(100))).toHaveLength(64);
    expect(() => wireKey(ENDPOINT, nested(101))).toThrow(OptionsError);
    expect(() => wireKey(ENDPOINT, nested(50_000))).toThrow(OptionsError);
  });

  it("is refused in the body of a request when it is a Blob after all", () => {
    expect(() => wireKey(ENDPOINT, { image_url: new Blob(["a"]) })).toThrow(/^input\.image_url must be JSON/);
  });
});

describe("the input digest", () => {
  it("is the same for one input at any endpoint, whatever the order of its keys", () => {
    expect(inputDigest({ a: 1, b: [2] })).toBe(inputDigest({ b: [2], a: 1 }));
    expect(inputDigest({ a: 1 })).not.toBe(inputDigest({ a: 2 }));
    expect(inputDigest({ a: 1 })).toBe(sha256('{"a":1}'));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { filesIn, readFiles } from "../../src/wire/input-files.ts";
import { mediaFacts } from "../../src/wire/media-facts.ts";
import { blob, bmp, box, dataUri, gif, jpeg, mp3, mp4, png, silence, wav, webp, wideBox } from "./media-files.ts";

describe("a file says of itself", () => {
  it.each([
    ["a PNG", png(300, 200), { kind: "image", width: 300, height: 200 }],
    ["a JPEG", jpeg(640, 480), { kind: "image", width: 640, height: 480 }],
    ["a WebP", webp(1024, 768), { kind: "image", width: 1024, height: 768 }],
    ["a GIF", gif(640, 480), { kind: "image", width: 640, height: 480 }],
    ["a bitmap", bmp(320, 240), { kind: "image", width: 320, height: 240 }],
    ["a WAV", wav(10.5), { kind: "audio", seconds: 10.5 }],
    ["a WAV of ten minutes", silence(600), { kind: "audio", seconds: 600 }],
    ["an MP3", mp3(383), { kind: "audio", seconds: (383 * 1152) / 44_100 }],
    ["a silent MP4", mp4(7), { kind: "video", seconds: 7 }],
  ])("how large or long it is: %s", async (_, bytes, facts) => {
    expect(await mediaFacts(bytes)).toEqual(facts);
  });

  it("up to a thousand megapixels, and up to the longest side there is", async () => {
    expect(await mediaFacts(jpeg(32_768, 32_000))).toEqual({ kind: "image", width: 32_768, height: 32_000 });
    expect(await mediaFacts(jpeg(32_768, 32_001))).toBeNull();
    expect(await mediaFacts(jpeg(65_535, 1))).toEqual({ kind: "image", width: 65_535, height: 1 });
    expect(await mediaFacts(png(1, 1))).toEqual({ kind: "image", width: 1, height: 1 });
  });

  it("a length of a day at most, and one that its bytes have room for", async () => {
    const lasting = (seconds: number, bytes: number) => Buffer.concat([restated(1, seconds), Buffer.alloc(bytes)]);
    const room = (bytes: number) => bytes - lasting(1, 0).length;
    const whole = (seconds: number, bytes: number) =>
      mediaFacts(Buffer.concat([restated(1, seconds), box("free", Buffer.alloc(room(bytes) - 8))]));
    expect(await whole(86_400, 691_200)).toEqual({ kind: "video", seconds: 86_400 });
    expect(await whole(86_401, 800_000)).toBeNull();
    expect(await whole(86_400, 691_199)).toBeNull();
  });

  it("only what is there, where a WAV was cut short", async () => {
    expect(await mediaFacts(silence(600, 30))).toEqual({ kind: "audio", seconds: 30 });
  });

  it("its length, where a film is counted in 64 bits", async () => {
    const header = Buffer.alloc(32);
    header.writeUInt8(1, 0);
    header.writeUInt32BE(1000, 20);
    header.writeBigUInt64BE(4_500n, 24);
    const kind = box("ftyp", Buffer.from("isom0000isom"));
    const sound = Buffer.concat([kind, wideBox("mdat", Buffer.alloc(100)), box("moov", box("mvhd", header))]);
    expect(await mediaFacts(sound)).toEqual({ kind: "audio", seconds: 4.5 });
  });
});

/** A film whose header states other figures. */
function restated(scale: number, length: number): Buffer {
  const film = Buffer.from(mp4(2));
  const at = film.indexOf("mvhd") + 4;
  film.writeUInt32BE(scale, at + 12);
  film.writeUInt32BE(length, at + 16);
  return film;
}

describe("a file tells nothing", () => {
  it.each([
    ["nothing at all", Buffer.alloc(0)],
    ["zeros", Buffer.alloc(5_000)],
    ["a text", Buffer.from("a cat and a dog. ".repeat(100))],
    ["an SVG", Buffer.from('<svg width="10" height="10" xmlns="http://www.w3.org/2000/svg"></svg>')],
    ["a header of ten minutes with nothing behind it", silence(600, 0)],
    ["a film that is cut short", mp4(5).subarray(0, 2_000)],
    ["a film with half a header", mp4(5).subarray(0, 200)],
    ["a film that lasts four months", restated(1, 10_000_000)],
    ["a film that lasts a day in a few kilobytes", restated(1, 86_000)],
    ["a film without a time scale", restated(0, 2_000)],
    ["a picture without a width", jpeg(0, 480)],
    ["a picture of four thousand megapixels", jpeg(65_535, 65_535)],
    ["a picture without a height", jpeg(640, 0)],
    ["half of a recording's header", silence(10).subarray(0, 30)],
    ["more than 64 MiB", Buffer.concat([wav(1), Buffer.alloc(64 * 1_048_576)])],
  ])("that is %s", async (_, bytes) => {
    expect(await mediaFacts(bytes)).toBeNull();
  });

  it("that takes longer to read than two seconds", async () => {
    let now = 0;
    const slow: Clock = {
      now: () => now,
      async sleep() {
        now += 1_001;
      },
    };
    expect(await mediaFacts(silence(600), slow)).toBeNull();
    now = 0;
    expect(await mediaFacts(wav(10), slow)).toEqual({ kind: "audio", seconds: 10 });
  });

  it("that cannot be believed, whatever was done to its bytes, and nothing breaks", async () => {
    const files = fc.constantFrom(wav(1), mp4(1), png(20, 20), jpeg(64, 32), webp(64, 32), mp3(10));
    const edits = fc.array(fc.tuple(fc.nat(600), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(files, edits, fc.nat(2_000), async (file, changes, cut) => {
        const bytes = new Uint8Array(file);
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        const facts = await mediaFacts(cut < 1_000 ? bytes.subarray(0, cut) : bytes);
        if (facts?.kind === "image") expect(facts.width * facts.height).toBeGreaterThan(0);
        else if (facts) expect(facts.seconds > 0 && facts.seconds <= 86_400).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the files of an input", () => {
  const nobody = () => undefined;

  it("are its Blobs, data URIs and addresses, alone and in lists", () => {
    const file = blob(wav(1));
    const input = {
      prompt: "https is a word",
      audio_url: file,
      image_urls: ["https://example.com/a.png", 4, dataUri(png(1, 1), "image/png")],
      nested: { deep: { video_url: "https://example.com/a.mp4" } },
    };
    expect(filesIn(input).map(({ path }) => path)).toEqual(["audio_url", "image_urls[0]", "image_urls[2]"]);
    for (const none of [undefined, null, "https://example.com", 4]) expect(filesIn(none)).toEqual([]);
  });

  it("are addresses of any case, Blobs in lists, and no other words", () => {
    const file = blob(png(1, 1));
    const input = {
      a: "HTTP://x/a",
      b: "Data:image/png;base64,AA",
      c: "ftp://x/a",
      d: "see https://x/a",
      e: [file, {}],
    };
    expect(filesIn(input).map(({ path }) => path)).toEqual(["a", "b", "e[0]"]);
    expect(filesIn(input)[2]).toEqual({ path: "e[0]", file });
  });

  it("are looked for in the first 16 places of a list", () => {
    const list = [...Array.from({ length: 15 }, () => 0), "https://x/15", "https://x/16"];
    expect(filesIn({ list, last: "https://x/a" }).map(({ path }) => path)).toEqual(["list[15]", "last"]);
  });

  it("are looked for up to 16", () => {
    const urls = Array.from({ length: 100 }, () => "https://example.com/a.png");
    expect(filesIn({ image_urls: urls })).toHaveLength(16);
    expect(filesIn(Object.fromEntries(urls.map((url, index) => [`image_${index}`, url])))).toHaveLength(16);
  });

  it("are read where they are, and asked for where they were uploaded; the rest is left out", async () => {
    const uploaded = (url: string) => (url.endsWith("/known") ? ({ kind: "audio", seconds: 4 } as const) : undefined);
    const input = {
      a: blob(mp4(2)),
      b: dataUri(png(3, 2), "image/png"),
      c: "https://v3.fal.media/known",
      d: "https://v3.fal.media/unknown",
      e: "data:text/plain,hello",
      f: "data:audio/wav;base64,!!!!",
      g: blob(Buffer.from("text")),
    };
    expect(Object.fromEntries(await readFiles(filesIn(input), uploaded))).toEqual({
      a: { kind: "video", seconds: 2 },
      b: { kind: "image", width: 3, height: 2 },
      c: { kind: "audio", seconds: 4 },
    });
  });

  it("are read from data URIs in any writing of their heads, and never asked for where they were uploaded", async () => {
    const asked: string[] = [];
    const uploaded = (url: string) => {
      asked.push(url);
      return undefined;
    };
    const picture = png(3, 2).toString("base64");
    const long = `data:image/png;name=${"n".repeat(180)};base64,${picture}`;
    const files = [`DATA:;BASE64,${picture}`, `data:image/png;base64,${picture}`, long].map((file, index) => ({
      path: `${index}`,
      file,
    }));
    const facts = { kind: "image", width: 3, height: 2 };
    expect(Object.fromEntries(await readFiles(files, uploaded))).toEqual({ 0: facts, 1: facts, 2: facts });
    expect(asked).toEqual([]);
  });

  it("that cannot be read are left out", async () => {
    const broken = Object.assign(blob(png(1, 1)), { arrayBuffer: () => Promise.reject(new Error("gone")) });
    expect((await readFiles([{ path: "a", file: broken }], nobody)).size).toBe(0);
  });

  it("are not read above 64 MiB", async () => {
    const large = blob(silence(4_300));
    expect(large.size).toBeGreaterThan(64 * 1_048_576);
    let read = 0;
    const watched = Object.assign(large.slice(), {
      arrayBuffer: async () => {
        read++;
        return wav(1).buffer;
      },
    });
    expect((await readFiles([{ path: "audio_url", file: watched }], nobody)).size).toBe(0);
    expect(read).toBe(0);
    const written = `data:audio/wav;base64,${Buffer.from(await large.arrayBuffer()).toString("base64")}`;
    expect((await readFiles([{ path: "audio_url", file: written }], nobody)).size).toBe(0);
  });
});

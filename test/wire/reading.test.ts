import { describe, expect, it } from "vitest";
import { readWhole } from "../../src/wire/reading.ts";

const answer = () =>
  new Response('{"a":"é"}', {
    status: 201,
    statusText: "Made",
    headers: { "content-type": "application/json", "x-fal-request-id": "r-1" },
  });

describe("an answer that was read whole", () => {
  it.each([
    ["json", { a: "é" }],
    ["text", '{"a":"é"}'],
  ] as const)("is the same object and gives its %s once more, and only once", async (way, wanted) => {
    const response = answer();
    expect(new TextDecoder().decode(await readWhole(response))).toBe('{"a":"é"}');
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.statusText, response.headers.get("x-fal-request-id"), response.bodyUsed]).toEqual(
      [201, "Made", "r-1", false],
    );
    expect(await response[way]()).toEqual(wanted);
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(() => response.clone()).toThrow(TypeError);
  });

  it("gives its bytes, its Blob, its stream and its clones", async () => {
    const read = async (take: (response: Response) => Promise<string>) => {
      const response = answer();
      await readWhole(response);
      return take(response);
    };
    expect(await read(async (r) => new TextDecoder().decode(await r.arrayBuffer()))).toBe('{"a":"é"}');
    expect(await read(async (r) => (await r.blob()).text())).toBe('{"a":"é"}');
    expect(await read(async (r) => new Response(r.body).text())).toBe('{"a":"é"}');
    expect(await read(async (r) => `${await r.clone().text()}${await r.text()}`)).toBe('{"a":"é"}{"a":"é"}');
  });

  it("gives its type with its Blob, its form, and its bytes", async () => {
    const json = answer();
    await readWhole(json);
    expect((await json.blob()).type).toBe("application/json");
    const untyped = new Response(new Uint8Array([1, 2]));
    await readWhole(untyped);
    expect(await untyped.blob()).toMatchObject({ size: 2, type: "" });
    const form = new FormData();
    form.set("a", "b");
    const formed = new Response(form);
    await readWhole(formed);
    expect((await formed.formData()).get("a")).toBe("b");
    const raw = answer() as Response & { bytes(): Promise<Uint8Array> };
    const whole = await readWhole(raw);
    const bytes = await raw.bytes();
    expect(bytes).toEqual(whole);
    bytes.fill(0);
    expect(new TextDecoder().decode(whole)).toBe('{"a":"é"}');
  });

  it("gives clones with its status and headers, and counts as read once its stream was", async () => {
    const response = answer();
    await readWhole(response);
    const copy = response.clone();
    expect([copy.status, copy.statusText, copy.headers.get("x-fal-request-id")]).toEqual([201, "Made", "r-1"]);
    expect(response.body).toBe(response.body);
    expect(response.bodyUsed).toBe(false);
    await new Response(response.body).text();
    expect(response.bodyUsed).toBe(true);
    await expect(response.json()).rejects.toThrow("already been read");
    expect(() => response.clone()).toThrow("already been consumed");
  });

  it("keeps its bytes apart from those handed out", async () => {
    const response = answer();
    const bytes = await readWhole(response);
    new Uint8Array(await response.arrayBuffer()).fill(0);
    expect(new TextDecoder().decode(bytes)).toBe('{"a":"é"}');
  });

  it("without a body has no bytes and stays as it is", async () => {
    const response = new Response(null, { status: 204 });
    expect(await readWhole(response)).toHaveLength(0);
    expect(response.body).toBeNull();
  });

  it("that breaks off throws the transport's own error", async () => {
    const reason = new Error("cut");
    const response = new Response(new ReadableStream({ pull: (controller) => controller.error(reason) }));
    await expect(readWhole(response)).rejects.toBe(reason);
  });
});

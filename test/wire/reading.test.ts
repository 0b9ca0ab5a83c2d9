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

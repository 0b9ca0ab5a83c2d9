import { expect, test } from "vitest";
import { FILE_BYTES_MAX, Files } from "../../src/emulator/files.ts";
import { open } from "./open.ts";

test("a file that the client uploads can be opened at its address", async () => {
  const { emulator, fal } = await open();
  const url = await fal.storage.upload(new File(["hello"], "a note.txt", { type: "text/plain" }));
  expect(url).toMatch(new RegExp(`^${emulator.url}/files/[\\w-]+/a_note.txt$`));
  const answer = await fetch(url);
  expect([answer.headers.get("content-type"), await answer.text()]).toEqual(["text/plain", "hello"]);
  expect(emulator.requests.map(({ kind }) => kind)).toEqual(["upload", "upload", "media"]);
  expect(emulator.paidPosts()).toBe(0);
});

test("a blob in the input is uploaded first, and the model gets its address", async () => {
  const { fal } = await open();
  const { data } = await fal.run("acme/echo", {
    input: { file: new Blob(["hello"], { type: "text/plain" }) } as never,
  });
  const { file } = (data as { output: { file: string } }).output;
  expect(await (await fetch(file)).text()).toBe("hello");
});

test("a file above 90 MB goes up in parts and comes back whole", async () => {
  const { emulator, fal } = await open();
  const size = 91 * 1024 * 1024;
  const bytes = new Uint8Array(size).map((_, at) => (at >> 16) & 255);
  const url = await fal.storage.upload(new Blob([bytes], { type: "application/octet-stream" }));
  expect(emulator.requests.filter(({ method }) => method === "PUT")).toHaveLength(10);
  const back = new Uint8Array(await (await fetch(url)).arrayBuffer());
  expect(Buffer.compare(back, bytes)).toBe(0);
}, 30_000);

test("a multipart upload that lacks a part is not completed", async () => {
  const { emulator } = await open();
  const initiated = await emulator.fetch(
    "https://rest.fal.ai/storage/upload/initiate-multipart?storage_type=fal-cdn-v3",
    {
      method: "POST",
      body: JSON.stringify({ file_name: "a.bin", content_type: "application/octet-stream" }),
    },
  );
  const { upload_url, file_url } = (await initiated.json()) as { upload_url: string; file_url: string };
  const at = new URL(upload_url);
  const put = await fetch(`${at.origin}${at.pathname}/1${at.search}`, { method: "PUT", body: "one" });
  const part = await put.json();
  expect(part).toEqual({ partNumber: 1, etag: "f97c5d29941bfb1b2fdab0874906ab82" });
  const complete = (parts: unknown) =>
    fetch(`${at.origin}${at.pathname}/complete${at.search}`, { method: "POST", body: JSON.stringify({ parts }) });
  expect((await complete([part, { partNumber: 2, etag: "x" }])).status).toBe(400);
  expect((await complete([{ partNumber: 3, etag: "x" }])).status).toBe(400);
  expect((await fetch(file_url)).status).toBe(404);
  expect((await complete([part])).status).toBe(200);
  expect(await (await fetch(file_url)).text()).toBe("one");
});

test("addresses that were never handed out are 404", async () => {
  const { emulator } = await open();
  for (const path of ["/files/none/a.txt", "/media/none/picture.png", "/v3.fal.media/files/a.png"]) {
    expect((await fetch(`${emulator.url}${path}`)).status).toBe(404);
  }
  expect((await fetch(`${emulator.url}/upload/none`, { method: "PUT", body: "x" })).status).toBe(404);
});

test("the oldest files go when there are more than a thousand", () => {
  const files = new Files();
  const ids = Array.from({ length: 1001 }, () => {
    const { id } = files.initiate("a.txt", "text/plain");
    files.put(id, 1, new Uint8Array(1));
    files.complete(id);
    return id;
  });
  expect([files.read(ids[0]!), files.read(ids[1]!)?.contentType]).toEqual([null, "text/plain"]);
});

test("a file larger than the bound is refused before it is kept", () => {
  const files = new Files();
  const { id } = files.initiate("big.bin", "application/octet-stream");
  const part = new Uint8Array(FILE_BYTES_MAX / 4);
  expect([1, 2, 3, 4, 5].map((number) => files.put(id, number, part))).toEqual([null, null, null, null, "too-large"]);
  expect(files.put(id, 4, part)).toBe(null);
  expect(files.put(id, 0, part)).toBe("bad-part");
});

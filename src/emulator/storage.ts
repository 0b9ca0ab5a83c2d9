import { createHash } from "node:crypto";
import { json, readBytes, readJson } from "./body.ts";
import { FILE_BYTES_MAX, type Files, type UploadFailure } from "./files.ts";
import { mediaAt } from "./media.ts";
import { refuse } from "./order.ts";
import { refusal } from "./refusal.ts";
import type { Visit } from "./visit.ts";

const REFUSED: Readonly<Record<UploadFailure, readonly [status: number, detail: string]>> = {
  unknown: [404, "Upload not found"],
  "too-large": [413, "The file is too large"],
  "bad-part": [400, "The parts do not fit the upload"],
};

/** Storage and media: `rest.fal.ai` hands out addresses on the emulator itself, so that a person can open them. */
export class Storage {
  readonly #files: Files;
  readonly #origin: () => string;

  constructor(files: Files, origin: () => string) {
    this.#files = files;
    this.#origin = origin;
  }

  async upload(visit: Visit): Promise<Response> {
    const { method } = visit.request;
    const { path } = visit.asked;
    if (method === "POST" && /^\/storage\/upload\/initiate(-multipart)?$/.test(path)) return this.#initiate(visit);
    const [, id, part] = /^\/upload\/([\w-]+)(?:\/(\d{1,5}|complete))?$/.exec(path) ?? [];
    if (id && method === "PUT" && part !== "complete") return this.#put(visit, id, part);
    if (id && method === "POST" && part === "complete") return this.#complete(visit, id);
    return refuse(refusal(404, "Not Found"));
  }

  /** A made thing or an uploaded file. */
  async media(visit: Visit): Promise<Response> {
    const made = mediaAt(visit.asked.path);
    const headers = { "cache-control": "public, max-age=604800" };
    if (made) return new Response(made.bytes, { headers: { ...headers, "content-type": made.contentType } });
    const [, id] = /^\/files\/([\w-]+)\//.exec(visit.asked.path) ?? [];
    const file = id ? this.#files.read(id) : null;
    if (!file) return refuse(refusal(404, "Not Found"));
    return new Response(file.blob, { headers: { ...headers, "content-type": file.contentType } });
  }

  async #initiate(visit: Visit): Promise<Response> {
    const body = await readJson(visit.request);
    const asked = "value" in body ? (body.value as { file_name?: unknown; content_type?: unknown } | null) : null;
    if (typeof asked?.file_name !== "string" || typeof asked.content_type !== "string") {
      return refuse(refusal(422, "file_name and content_type are required"));
    }
    const { id, name } = this.#files.initiate(asked.file_name, asked.content_type);
    return json(200, {
      file_url: `${this.#origin()}/files/${id}/${name}`,
      upload_url: `${this.#origin()}/upload/${id}?signature=emulated`,
    });
  }

  async #put(visit: Visit, id: string, part: string | undefined): Promise<Response> {
    const bytes = await readBytes(visit.request, FILE_BYTES_MAX);
    const failure = bytes ? this.#files.put(id, part ? Number(part) : 1, bytes) : "too-large";
    if (failure || !bytes) return refuse(refusal(...REFUSED[failure ?? "too-large"]));
    if (part) return json(200, { partNumber: Number(part), etag: createHash("md5").update(bytes).digest("hex") });
    this.#files.complete(id);
    return new Response(null, { status: 200 });
  }

  async #complete(visit: Visit, id: string): Promise<Response> {
    const body = await readJson(visit.request);
    const listed = "value" in body ? (body.value as { parts?: unknown } | null)?.parts : null;
    const parts = Array.isArray(listed) ? listed.map((part) => Number(part?.partNumber)) : null;
    const failure = parts ? this.#files.complete(id, parts) : "bad-part";
    return failure ? refuse(refusal(...REFUSED[failure])) : json(200, { status: "complete" });
  }
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stage } from "./stage.ts";

const MOST_PICTURES = 6;
const MOST_BYTES = 20 * 1024 * 1024;
/** Pictures first, then films, then sounds: the order in which people look. */
const ENDINGS: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "video/mp4": "mp4",
  "audio/wav": "wav",
  "audio/mpeg": "mp3",
};

/** Saves the first thing that each endpoint made, six at most and pictures first, and answers the paths. What cannot be loaded is left out. */
export async function savePictures(
  made: readonly { endpointId: string; data: unknown }[],
  { client, folder }: Stage,
): Promise<string[]> {
  const firsts = new Map<string, string>();
  for (const { endpointId, data } of made) {
    const url = mediaUrl(data);
    if (url !== null && !firsts.has(endpointId)) firsts.set(endpointId, url);
  }
  const into = join(folder, "pictures");
  await mkdir(into, { recursive: true });
  const found = await Promise.all(
    [...firsts].map(([endpointId, url]) => load(url, endpointId.replace(/[^\w.]+/g, "-"), client.meter.fetch)),
  );
  const files = found.filter((file) => file !== null).sort((a, b) => a.rank - b.rank);
  return Promise.all(
    files.slice(0, MOST_PICTURES).map(async ({ name, bytes }) => {
      const path = join(into, name);
      await writeFile(path, bytes);
      return path;
    }),
  );
}

interface File {
  name: string;
  bytes: Uint8Array;
  rank: number;
}

async function load(url: string, stem: string, fetch: typeof globalThis.fetch): Promise<File | null> {
  try {
    const response = await fetch(url);
    const contentType = response.headers.get("content-type")?.split(";")[0] ?? "";
    const rank = Object.keys(ENDINGS).indexOf(contentType);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (!response.ok || rank < 0 || bytes.length > MOST_BYTES) return null;
    return { name: `${stem}.${ENDINGS[contentType]}`, bytes, rank };
  } catch {
    // A picture that cannot be fetched is a picture less; the bill is what the demo is about.
    return null;
  }
}

/** Where an answer's first file is, in the shapes that fal's endpoints answer in. */
function mediaUrl(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  const { images, image, video, audio, audio_url, audio_file } = data as Record<string, unknown>;
  const file = Array.isArray(images) ? images[0] : (image ?? video ?? audio ?? audio_url ?? audio_file);
  const url = (file as { url?: unknown } | null | undefined)?.url;
  return typeof url === "string" && /^https?:/.test(url) ? url : null;
}

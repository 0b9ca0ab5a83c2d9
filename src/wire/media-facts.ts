import { type Clock, systemClock } from "../clock.ts";
import { filmSeconds } from "./film-seconds.ts";

/** What a media file says of itself: pixels of a picture, seconds of a recording. */
export type MediaFacts =
  | { kind: "image"; width: number; height: number }
  | { kind: "audio" | "video"; seconds: number };

/** A larger file is not looked into. */
export const MOST_MEDIA_BYTES = 64 * 1_048_576;

const LONGEST_LOOK_MS = 2_000;
/** A file is read in pieces, so that everything else in the process has its turn between them. */
const PIECE_BYTES = 1_048_576;

const LONGEST_SECONDS = 86_400;
/** Nothing that is heard or seen fits into fewer: a header that promises more is wrong. */
const FEWEST_BYTES_A_SECOND = 8;
const LONGEST_SIDE = 65_535;
const MOST_PIXELS = 1_000 * 1_048_576;

/** Pictures of pixels. Others have no size of their own (SVG), or are too easily taken for something else (TGA). */
const PICTURES = new Set(["png", "jpg", "webp", "gif", "bmp", "tiff", "avif", "heic", "heif", "jxl", "jxl-stream"]);

/**
 * Looks into the bytes of a whole file. `null` where they tell nothing that can be believed: no media, cut short, a header that lies,
 * more than 64 MiB, more than two seconds of looking, or readers that could not be loaded. Never throws. The readers are loaded with
 * the first file there is to read.
 */
export async function mediaFacts(bytes: Uint8Array, clock: Clock = systemClock): Promise<MediaFacts | null> {
  if (bytes.byteLength === 0 || bytes.byteLength > MOST_MEDIA_BYTES) return null;
  const found = (await picture(bytes)) ?? film(bytes) ?? (await recording(bytes, clock));
  return found && isCredible(found, bytes.byteLength) ? found : null;
}

function isCredible(facts: MediaFacts, bytes: number): boolean {
  if (facts.kind === "image") {
    const sides = [facts.width, facts.height];
    return (
      sides.every((side) => Number.isInteger(side) && side >= 1 && side <= LONGEST_SIDE) &&
      facts.width * facts.height <= MOST_PIXELS
    );
  }
  const { seconds } = facts;
  return seconds > 0 && seconds <= LONGEST_SECONDS && seconds * FEWEST_BYTES_A_SECOND <= bytes;
}

async function picture(bytes: Uint8Array): Promise<MediaFacts | null> {
  try {
    const { imageSize } = await import("image-size");
    const { width, height, type } = imageSize(bytes);
    return type !== undefined && PICTURES.has(type) ? { kind: "image", width, height } : null;
  } catch {
    return null;
  }
}

function film(bytes: Uint8Array): MediaFacts | null {
  const found = filmSeconds(bytes);
  return found && { kind: found.hasPicture ? "video" : "audio", seconds: found.seconds };
}

async function recording(bytes: Uint8Array, clock: Clock): Promise<MediaFacts | null> {
  try {
    const { parseWebStream } = await import("music-metadata");
    const { format } = await parseWebStream(
      piecesOf(bytes, clock),
      { size: bytes.byteLength },
      { duration: true, skipCovers: true, skipPostHeaders: true },
    );
    const { duration, hasVideo } = format;
    return duration === undefined ? null : { kind: hasVideo ? "video" : "audio", seconds: duration };
  } catch {
    return null;
  }
}

/** @throws into its reader once the time is up */
function piecesOf(bytes: Uint8Array, clock: Clock): ReadableStream<Uint8Array> {
  const until = clock.now() + LONGEST_LOOK_MS;
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (clock.now() > until) return controller.error(new Error("it takes too long"));
      // A copy, for whoever reads the piece may keep it.
      if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, at + PIECE_BYTES));
      else controller.close();
      at += PIECE_BYTES;
      if (at > PIECE_BYTES) await clock.sleep(0);
    },
  });
}

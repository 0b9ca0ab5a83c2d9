/** The length of an MP4 or QuickTime file, and whether it has a picture. */
export interface Film {
  seconds: number;
  hasPicture: boolean;
}

/**
 * Reads the movie header (`moov`/`mvhd`, ISO 14496-12): the length of the longest track. music-metadata tells the length of a sound
 * track only, and many films are silent. `null` for other files, for one that is cut short, and for one that states no length, as
 * films in fragments do not.
 */
export function filmSeconds(bytes: Uint8Array): Film | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 16 || nameAt(view, 4) !== "ftyp") return null;
  const whole = boxesIn(view, 0, bytes.byteLength);
  const movie = whole?.find(({ name }) => name === "moov");
  const inside = movie && boxesIn(view, movie.from, movie.to);
  const header = inside?.find(({ name }) => name === "mvhd");
  const seconds = header ? headerSeconds(view, header) : null;
  if (!inside || seconds === null) return null;
  return { seconds, hasPicture: inside.some((box) => box.name === "trak" && isPictureTrack(view, box)) };
}

interface Box {
  name: string;
  /** Where its contents begin and end. */
  from: number;
  to: number;
}

/** No film has more boxes in one place. */
const MOST_BOXES = 10_000;

/** The boxes between two places; `null` where one of them sticks out, or where there is no end of them. */
function boxesIn(view: DataView, from: number, to: number): Box[] | null {
  const boxes: Box[] = [];
  let at = from;
  while (at + 8 <= to) {
    const stated = view.getUint32(at);
    const long = stated === 1;
    if (long && at + 16 > to) return null;
    // Zero means up to the end.
    const size = long ? Number(view.getBigUint64(at + 8)) : stated === 0 ? to - at : stated;
    const head = long ? 16 : 8;
    if (size < head || size > to - at || boxes.length >= MOST_BOXES) return null;
    boxes.push({ name: nameAt(view, at + 4), from: at + head, to: at + size });
    at += size;
  }
  return boxes;
}

function nameAt(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

function headerSeconds(view: DataView, { from, to }: Box): number | null {
  if (to - from < 32) return null;
  const wide = view.getUint8(from) === 1;
  const scale = view.getUint32(from + (wide ? 20 : 12));
  const length = wide ? Number(view.getBigUint64(from + 24)) : view.getUint32(from + 16);
  const unstated = length === 0 || (!wide && length === 0xffff_ffff);
  return scale === 0 || unstated ? null : length / scale;
}

function isPictureTrack(view: DataView, track: Box): boolean {
  const media = boxesIn(view, track.from, track.to)?.find(({ name }) => name === "mdia");
  const kind = media && boxesIn(view, media.from, media.to)?.find(({ name }) => name === "hdlr");
  return kind !== undefined && kind !== null && kind.to - kind.from >= 12 && nameAt(view, kind.from + 8) === "vide";
}

/** SHA-256 taken in pieces. `hex` ends it; a `copy` goes its own way from where it was made. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  copy(): Sha256;
  /** 64 lower-case hexadecimal digits. Call it once. */
  hex(): string;
}

const BLOCK_BYTES = 64;
const ROOTS = primes(64);
const ROUND = ROOTS.map((prime) => fraction(Math.cbrt(prime)));
const START = ROOTS.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits of the fractional part: how FIPS 180-4 defines the constants, so no table is needed. */
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

/**
 * SHA-256 (FIPS 180-4) in plain JavaScript, for runtimes without `node:crypto`: WebCrypto only hashes asynchronously and
 * only whole buffers, and a cache key must be ready before the call goes on.
 */
export function createPortableSha256(): Sha256 {
  return resume(Int32Array.from(START), new Uint8Array(BLOCK_BYTES), 0);
}

function resume(state: Int32Array, tail: Uint8Array, length: number): Sha256 {
  const words = new Int32Array(BLOCK_BYTES);
  let total = length;
  const update = (bytes: Uint8Array) => {
    let from = 0;
    while (from < bytes.length) {
      const filled = total % BLOCK_BYTES;
      const piece = bytes.subarray(from, from + BLOCK_BYTES - filled);
      tail.set(piece, filled);
      total += piece.length;
      from += piece.length;
      if (total % BLOCK_BYTES === 0) compress(state, words, tail);
    }
  };
  return {
    update,
    copy: () => resume(state.slice(), tail.slice(), total),
    hex() {
      const bits = total * 8;
      const padding = new Uint8Array(BLOCK_BYTES - ((total + 8) % BLOCK_BYTES) + 8);
      padding[0] = 0x80;
      const end = new DataView(padding.buffer);
      end.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
      end.setUint32(padding.length - 4, bits >>> 0);
      update(padding);
      return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    },
  };
}

function compress(state: Int32Array, w: Int32Array, block: Uint8Array): void {
  const view = new DataView(block.buffer, block.byteOffset, BLOCK_BYTES);
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(i * 4);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = state[i]! + word;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

import { PNG } from "pngjs";
import { randomFrom } from "./random.ts";

type Colour = readonly [red: number, green: number, blue: number];

/** Colours a pixel at `x`, `y` from 0 to 1, `x` already stretched so that a circle stays round. */
type Scene = (x: number, y: number) => Colour;

/** A longer side is drawn this long: the picture keeps its shape, and nobody waits for sixteen megapixels. */
const LONGEST_DRAWN_SIDE = 2048;

/** From dark to light: night, dusk, forest, sea, clay, rose. */
const PALETTES: readonly (readonly Colour[])[] = [
  [
    [16, 20, 48],
    [44, 46, 98],
    [98, 84, 160],
    [190, 132, 186],
    [250, 214, 200],
  ],
  [
    [38, 16, 46],
    [112, 32, 78],
    [200, 68, 74],
    [244, 142, 78],
    [254, 222, 152],
  ],
  [
    [12, 34, 32],
    [24, 74, 62],
    [72, 124, 84],
    [154, 178, 112],
    [236, 232, 180],
  ],
  [
    [8, 30, 56],
    [16, 76, 112],
    [38, 132, 158],
    [122, 194, 196],
    [228, 242, 232],
  ],
  [
    [52, 24, 20],
    [122, 56, 40],
    [188, 100, 62],
    [226, 166, 112],
    [248, 228, 198],
  ],
  [
    [44, 22, 44],
    [110, 44, 90],
    [184, 84, 128],
    [232, 152, 170],
    [252, 226, 222],
  ],
];

/** A PNG of the size asked for, the same for the same seed. Sides above 2048 are drawn at 2048, in proportion. */
export function drawPicture(width: number, height: number, seed: number): Buffer {
  const scale = Math.min(1, LONGEST_DRAWN_SIDE / Math.max(width, height));
  const across = Math.max(1, Math.round(width * scale));
  const down = Math.max(1, Math.round(height * scale));
  const random = randomFrom(seed);
  const palette = PALETTES[Math.floor(random() * PALETTES.length)]!;
  const scene = [hills, orbs, ribbons][Math.floor(random() * 3)]!(palette, random, across / down);
  const png = new PNG({ width: across, height: down });
  let at = 0;
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      const [red, green, blue] = scene(column / down, row / down);
      png.data[at++] = red;
      png.data[at++] = green;
      png.data[at++] = blue;
      png.data[at++] = 255;
    }
  }
  return PNG.sync.write(png, { colorType: 2, inputColorType: 6, deflateLevel: 3, filterType: 1 });
}

/** A sun over ridges that grow darker as they come near. */
function hills(palette: readonly Colour[], random: () => number, ratio: number): Scene {
  const sun = { x: ratio * (0.2 + random() * 0.6), y: 0.2 + random() * 0.25, radius: 0.06 + random() * 0.08 };
  const ridges = [0.48, 0.6, 0.73, 0.86].map((base, index) => ({
    base,
    colour: palette[3 - index]!,
    waves: [1, 2.3, 5.1].map((pitch) => ({
      pitch: pitch * (2 + random() * 2),
      phase: random() * 7,
      lift: 0.06 / pitch,
    })),
  }));
  return (x, y) => {
    for (let index = ridges.length - 1; index >= 0; index--) {
      const ridge = ridges[index]!;
      let crest = ridge.base;
      for (const wave of ridge.waves) crest += Math.sin(x * wave.pitch + wave.phase) * wave.lift;
      if (y > crest) return blend(ridge.colour, palette[0]!, Math.min(0.6, (y - crest) * 1.5));
    }
    const distance = Math.hypot(x - sun.x, y - sun.y);
    const sky = blend(palette[3]!, palette[4]!, Math.min(1, y * 1.6));
    if (distance < sun.radius) return blend(palette[4]!, [255, 255, 250], 0.7);
    return blend(sky, palette[4]!, Math.max(0, 0.6 - (distance - sun.radius) * 2.5));
  };
}

/** Soft discs of light on a slanted gradient. */
function orbs(palette: readonly Colour[], random: () => number, ratio: number): Scene {
  const discs = Array.from({ length: 9 }, () => ({
    x: random() * ratio,
    y: random(),
    radius: 0.06 + random() * 0.24,
    colour: palette[1 + Math.floor(random() * 4)]!,
  }));
  return (x, y) => {
    let colour = blend(palette[0]!, palette[2]!, (x / ratio + y) / 2);
    for (const disc of discs) {
      const depth = (disc.radius - Math.hypot(x - disc.x, y - disc.y)) / disc.radius;
      if (depth > 0) colour = blend(colour, disc.colour, Math.min(0.75, 0.25 + depth * 0.5) * Math.min(1, depth * 40));
    }
    return colour;
  };
}

/** Bands that bend across the picture, each edge lit. */
function ribbons(palette: readonly Colour[], random: () => number, ratio: number): Scene {
  const tilt = (random() - 0.5) * 1.6;
  const bend = 1.5 + random() * 3;
  const phase = random() * 7;
  const bands = 5 + Math.floor(random() * 5);
  return (x, y) => {
    const flow = (y + tilt * (x / ratio) + 0.12 * Math.sin((x / ratio) * bend + phase) + 1) * bands;
    const band = Math.floor(flow);
    const within = flow - band;
    const base = palette[((band % 4) + 4) % 4]!;
    return blend(base, palette[4]!, within < 0.04 ? 0.8 : 0.45 * (1 - within));
  };
}

function blend(from: Colour, to: Colour, share: number): Colour {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}

import { randomFrom } from "./random.ts";

const SAMPLES_PER_SECOND = 8_000;

/** A longer sound is cut here: 8 kHz, 16 bits, at most about a megabyte. */
const LONGEST_SOUND_SECONDS = 60;

/** A scale in which any two notes sound well together, in Hertz. */
const PENTATONIC = [220, 247.5, 277.2, 330, 371.25, 440, 495, 554.4];

/** A WAV of soft plucked notes, the same for the same seed. Longer than a minute is cut to a minute. */
export function playSound(seconds: number, seed: number): Buffer {
  const samples = Math.max(1, Math.round(Math.min(seconds, LONGEST_SOUND_SECONDS) * SAMPLES_PER_SECOND));
  const random = randomFrom(seed);
  const perNote = SAMPLES_PER_SECOND / 4;
  const wav = Buffer.alloc(44 + samples * 2);
  writeHeader(wav, samples);
  let pitch = 0;
  for (let sample = 0; sample < samples; sample++) {
    const within = sample % perNote;
    if (within === 0) pitch = PENTATONIC[Math.floor(random() * PENTATONIC.length)]!;
    const time = within / SAMPLES_PER_SECOND;
    const swell = Math.min(1, time * 80) * Math.exp(-time * 9);
    wav.writeInt16LE(Math.round(Math.sin(2 * Math.PI * pitch * time) * swell * 12_000), 44 + sample * 2);
  }
  return wav;
}

function writeHeader(wav: Buffer, samples: number): void {
  wav.write("RIFF", 0, "ascii");
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write("WAVEfmt ", 8, "ascii");
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(SAMPLES_PER_SECOND, 24);
  wav.writeUInt32LE(SAMPLES_PER_SECOND * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36, "ascii");
  wav.writeUInt32LE(samples * 2, 40);
}

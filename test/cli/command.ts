import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
export const TSX = import.meta.resolve("tsx");

/** How a command ended and what it wrote. */
export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Started {
  child: ChildProcess;
  /** Resolves with all that was written so far, once it matches. */
  seen(pattern: RegExp): Promise<string>;
  ended: Promise<Ended>;
}

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "fal-meter-cli-"));
}

/** The environment of a command: nothing of whoever runs the tests but what Node needs. */
export function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: tmpdir(), ...more } as NodeJS.ProcessEnv;
}

/** Starts the real program in a folder. */
export function start(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; imports?: string[] } = {},
): Started {
  const imports = [TSX, ...(options.imports ?? [])].flatMap((specifier) => ["--import", specifier]);
  const child = spawn(process.execPath, [...imports, MAIN, ...args], {
    cwd: options.cwd ?? emptyFolder(),
    env: environment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    for (const watch of watchers) watch();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, out, err })));
  return {
    child,
    ended,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          if (!pattern.test(out)) return;
          watchers.delete(watch);
          resolve(out);
        };
        watchers.add(watch);
        void ended.then(() => reject(new Error(`ended without ${pattern}: ${out}${err}`)));
        watch();
      }),
  };
}

export function run(args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** True for text that can do nothing to a terminal but be shown. */
export function isPlain(text: string): boolean {
  return !/[^\P{Cc}\n]/u.test(text);
}

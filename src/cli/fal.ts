/** fal itself, for the commands that ask it: with the key of the environment, or an emulator in its place. */
import { Option } from "commander";
import { systemClock } from "../clock.ts";
import { emulatorFetch } from "../emulator/address.ts";
import { retryAfterMs } from "../limit/retry-after.ts";
import { createPlatform, type Platform } from "../wire/platform.ts";

/** `--emulator`, for the commands that ask fal. */
export function emulatorOption(): Option {
  return new Option("--emulator <url>", 'ask an emulator of fal instead, such as "http://127.0.0.1:8787"');
}

/** @throws OptionsError when `url` is no emulator of this machine */
export function falFetch(url: string | undefined): typeof fetch {
  return url === undefined ? fetch : emulatorFetch(url);
}

/** fal's Platform API, asked with the key in FAL_KEY. @throws OptionsError as `falFetch` does */
export function falPlatform(url: string | undefined, environment: NodeJS.ProcessEnv): Platform {
  return createPlatform({ fetch: falFetch(url), clock: systemClock, credentials: environment.FAL_KEY, retryAfterMs });
}

import { OptionsError } from "../errors.ts";

const FAL_HOST = /^(?:[a-z0-9-]+\.)*fal\.(?:run|ai|media)$/;

/** Where a real fal address lives on an emulator: the host becomes the first part of the path. `null` for any other address. */
export function emulated(address: URL, base: URL): URL | null {
  if (!FAL_HOST.test(address.hostname)) return null;
  return new URL(`/${address.hostname}${address.pathname}${address.search}`, base);
}

/**
 * A `fetch` that takes every request for `*.fal.run`, `*.fal.ai` and `*.fal.media` to the emulator at `url`, and every
 * other request where it was going. For a process that did not start the emulator itself.
 * @throws OptionsError when `url` is no http address of this machine, so that no key leaves it by mistake.
 */
export function emulatorFetch(url: string): typeof fetch {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base?.protocol !== "http:" || !isLoopback(base.hostname)) {
    throw new OptionsError("url", 'the address of an emulator on this machine, such as "http://127.0.0.1:8787"', url);
  }
  return (input, init) => {
    const target = emulated(new URL(input instanceof Request ? input.url : input), base);
    if (!target) return globalThis.fetch(input, init);
    return globalThis.fetch(input instanceof Request ? new Request(target, input) : target, init);
  };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

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

/**
 * A `fetch` whose requests for fal's hosts, and for `base` itself, are answered inside of this process; all others go where they
 * were going.
 */
export function innerFetch(base: URL, answer: (request: Request) => Promise<Response>): typeof fetch {
  return async (input, init) => {
    const address = new URL(input instanceof Request ? input.url : input);
    const target = address.origin === base.origin ? address : emulated(address, base);
    if (!target) return globalThis.fetch(input, init);
    const request = new Request(target, input instanceof Request ? new Request(input, init) : init);
    return unlessAborted(answer(request), request.signal);
  };
}

/** The work goes on, as it does at the other end of a connection; only its caller stops waiting. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

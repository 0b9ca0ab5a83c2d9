import { existsSync } from "node:fs";
import { Option } from "commander";
import { OptionsError } from "../errors.ts";
import { withoutAddress } from "../options.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";

const DEFAULT_STORE = "sqlite:.fal-meter/ledger.db";

/** `--store`, for the commands that read a ledger. */
export function storeOption(): Option {
  return new Option(
    "--store <store>",
    `the ledger to read, as "sqlite:PATH" or "redis://HOST:PORT" (default: FAL_METER_STORE, else ${DEFAULT_STORE})`,
  );
}

/** A ledger that somebody else writes, or the place where none is yet. */
export type Ledger = { kind: "open"; name: string; store: Store } | { kind: "missing"; name: string };

/**
 * Opens a ledger to read it. One that is not there is not made.
 * @throws OptionsError naming `--store` or `FAL_METER_STORE`; StoreError when it is there and cannot be read, or is not answered for.
 */
export async function openLedger(given: string | undefined, environment: NodeJS.ProcessEnv): Promise<Ledger> {
  const fromEnvironment = environment.FAL_METER_STORE || undefined;
  const name = given ?? fromEnvironment ?? DEFAULT_STORE;
  if (/^rediss?:\/\/./s.test(name)) {
    const { connectRedisStore } = await import("../store/redis.ts");
    const store = await connectRedisStore({ url: name });
    // Its own name for itself has no password in it.
    return { kind: "open", name: store.name, store };
  }
  const [, path] = /^sqlite:(.+)$/s.exec(name) ?? [];
  if (path === undefined) {
    const option = given === undefined ? "FAL_METER_STORE" : "--store";
    const wanted = '"sqlite:PATH" or "redis://HOST:PORT", for no other ledger can be read from another process';
    throw new OptionsError(option, wanted, withoutAddress(name));
  }
  return existsSync(path) ? { kind: "open", name, store: await openSqliteStore(path) } : { kind: "missing", name };
}

/** What to say where there is no ledger. */
export function noLedgerYet({ name }: Ledger): string[] {
  return [
    `There is no ledger at ${name} yet.`,
    "A meter makes it with its first call. Point at another one with --store, or see one fill up with: fal-meter demo",
  ];
}

import { validWeekStart, type WeekStart } from "../budget/window.ts";
import { validZone } from "../budget/zone.ts";
import { type Clock, systemClock } from "../clock.ts";
import { OptionsError, onlyKeys } from "../errors.ts";
import type { Meter } from "../meter.ts";
import type { Store } from "../store/store.ts";

export interface DashboardOptions {
  /**
   * The ledger to show: a store, or a function that opens one when it is first needed and answers `undefined` while there
   * is none yet. It is read, never written, and not closed by the dashboard.
   */
  store: Store | (() => Promise<Store | undefined>);
  /** A meter of this process: what it does shows at once, and not only when the ledger is next looked at. @default none */
  meter?: Pick<Meter, "on">;
  /** IANA zone of hours, days and months. @default the zone of the budgets in the ledger where they agree, else "UTC" */
  timezone?: string;
  /** @default "monday" */
  weekStart?: WeekStart;
  /**
   * What a reader must know: `Authorization: Bearer TOKEN`, or once `?token=TOKEN` in the address, which is traded for a
   * cookie. 16 to 256 characters. `false` lets in whoever reaches the dashboard, for an app that guards it itself.
   * @default `false` where it is reached by loopback names only; must be given with `hosts`
   */
  token?: string | false;
  /**
   * Names under which it may be reached besides this machine's own (`localhost`, `127.…`, `[::1]`), without a port. Any
   * other `Host` is refused, for a name that somebody points at this machine is how a web page reads what is on it.
   * At most 100. @default none
   */
  hosts?: readonly string[];
  /** Where it is mounted, such as `"/costs"`. @default "/" */
  basePath?: string;
  /** The time. @default the system's */
  clock?: Clock;
}

export interface ResolvedDashboard {
  open: () => Promise<Store | undefined>;
  meter: Pick<Meter, "on"> | null;
  /** `null` follows the ledger. */
  timezone: string | null;
  weekStart: WeekStart;
  /** `null` asks for none. */
  token: string | null;
  /** In lower case. */
  hosts: ReadonlySet<string>;
  /** Without a slash at its end; empty at the root. */
  basePath: string;
  clock: Clock;
}

const KEYS = ["store", "meter", "timezone", "weekStart", "token", "hosts", "basePath", "clock"];

/** @throws OptionsError naming `dashboard.…` */
export function resolveDashboard(options: DashboardOptions): ResolvedDashboard {
  onlyKeys(options, "dashboard", KEYS);
  const hosts = resolveHosts(options.hosts);
  return {
    open: resolveStore(options.store),
    meter: resolveMeter(options.meter),
    timezone: options.timezone === undefined ? null : validZone(options.timezone, "dashboard.timezone"),
    weekStart: validWeekStart(options.weekStart ?? "monday", "dashboard.weekStart"),
    token: resolveToken(options.token, hosts),
    hosts,
    basePath: resolveBasePath(options.basePath ?? "/"),
    clock: options.clock ?? systemClock,
  };
}

function resolveStore(store: DashboardOptions["store"]): ResolvedDashboard["open"] {
  if (typeof store === "function") return store;
  if (typeof store === "object" && store !== null && typeof store.totals === "function") return async () => store;
  throw new OptionsError("dashboard.store", "a Store, or a function that opens one", store);
}

function resolveMeter(meter: DashboardOptions["meter"]): Pick<Meter, "on"> | null {
  if (meter === undefined) return null;
  if (typeof meter?.on !== "function") throw new OptionsError("dashboard.meter", "a meter", typeof meter);
  return meter;
}

const HOSTS_MAX = 100;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i;

function resolveHosts(hosts: DashboardOptions["hosts"]): ReadonlySet<string> {
  const wanted = `at most ${HOSTS_MAX} host names without a port, such as "costs.example.com"`;
  if (hosts === undefined) return new Set();
  const readable = Array.isArray(hosts) && hosts.length <= HOSTS_MAX;
  if (!readable || hosts.some((host) => typeof host !== "string" || !HOST.test(host))) {
    throw new OptionsError("dashboard.hosts", wanted, hosts);
  }
  return new Set(hosts.map((host: string) => host.toLowerCase()));
}

/** A bearer token goes into a header, so it is made of what a header may carry. */
const TOKEN = /^[\x21-\x7e]{16,256}$/;

function resolveToken(token: DashboardOptions["token"], hosts: ReadonlySet<string>): string | null {
  if (token === false || (token === undefined && hosts.size === 0)) return null;
  if (typeof token === "string" && TOKEN.test(token)) return token;
  // The token itself is not shown: this message may end in a log.
  const got = typeof token === "string" ? `a string of ${token.length} characters` : token;
  throw new OptionsError("dashboard.token", "16 to 256 visible ASCII characters, or false", got);
}

function resolveBasePath(path: string): string {
  if (typeof path !== "string" || !/^\/([\w.~-]+\/?)*$/.test(path)) {
    throw new OptionsError("dashboard.basePath", 'a path such as "/costs"', path);
  }
  return path.replace(/\/$/, "");
}

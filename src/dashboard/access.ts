/** Who may read the dashboard: under which names it answers, and what its reader must know. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { ResolvedDashboard } from "./options.ts";

export type Admission =
  | { kind: "admitted" }
  | { kind: "wrong-host" }
  | { kind: "token-needed" }
  /** The right token stood in the address: it is traded for this cookie. */
  | { kind: "cookie"; cookie: string };

export interface Access {
  admit(request: Request): Admission;
}

const COOKIE = "fal_meter_dashboard";
const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

export function createAccess({
  token,
  hosts,
  basePath,
}: Pick<ResolvedDashboard, "token" | "hosts" | "basePath">): Access {
  const key = token === null ? null : keyOf(token);
  const session = key?.toString("base64url") ?? "";
  return {
    admit(request) {
      const host = hostOf(request);
      if (!LOOPBACK.test(host) && !hosts.has(host)) return { kind: "wrong-host" };
      if (key === null || carries(request, key, session)) return { kind: "admitted" };
      const url = new URL(request.url);
      const given = url.searchParams.get("token");
      if (given === null || !timingSafeEqual(keyOf(given), key)) return { kind: "token-needed" };
      const secure = url.protocol === "https:" ? "; Secure" : "";
      return { kind: "cookie", cookie: `${COOKIE}=${session}; Path=${basePath}/; HttpOnly; SameSite=Strict${secure}` };
    },
  };
}

export function isLoopbackName(host: string): boolean {
  return LOOPBACK.test(host.toLowerCase());
}

/** Without its port. Behind `fetch` handlers that give no Host header the address says it. */
function hostOf(request: Request): string {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return host.toLowerCase().replace(/:\d+$/, "");
}

/** Compared as digests, which are of one length whatever was sent, in a time that tells nothing. */
function carries(request: Request, key: Buffer, session: string): boolean {
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (bearer !== undefined) return timingSafeEqual(keyOf(bearer), key);
  const cookie = cookieOf(request.headers.get("cookie") ?? "");
  return cookie !== undefined && timingSafeEqual(digest(cookie), digest(session));
}

function cookieOf(header: string): string | undefined {
  for (const pair of header.split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === COOKIE) return value;
  }
  return undefined;
}

/** The cookie carries this and not the token, so that a leaked cookie is no bearer token. */
function keyOf(token: string): Buffer {
  return digest(`fal-meter dashboard\n${token}`);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Command, InvalidArgumentError } from "commander";
import { createDashboard, isLoopbackName } from "../dashboard/dashboard.ts";
import { OptionsError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { interrupted } from "./interrupt.ts";
import { openLedger, storeOption } from "./ledger.ts";
import type { Terminal } from "./terminal.ts";

interface DashboardFlags {
  port: number;
  host: string;
  allowHost?: string[];
  token?: string;
  timezone?: string;
  store?: string;
  json?: true;
}

const DEFAULT_PORT = 8788;
const TOKEN_VARIABLE = "FAL_METER_DASHBOARD_TOKEN";

export function dashboardCommand(terminal: Terminal): Command {
  return new Command("dashboard")
    .description("the ledger as a live page in the browser; runs until Ctrl-C")
    .option("--port <port>", "the port to listen on; 0 takes any free one", portNumber, DEFAULT_PORT)
    .option("--host <host>", "the address to listen on; any but this machine's own needs a token", "127.0.0.1")
    .option(
      "--allow-host <name>",
      "a name or address that readers reach it by, without a port; may be given again",
      (name: string, names: string[] = []) => [...names, name],
    )
    .option("--token <token>", `what readers must give, 16 characters or more (better set as ${TOKEN_VARIABLE})`)
    .option("--timezone <zone>", "IANA zone of hours and days (default: that of the ledger's budgets, else UTC)")
    .addOption(storeOption())
    .option("--json", "print the address as one JSON document")
    .addHelpText(
      "after",
      `\nExample:\n  $ fal-meter dashboard --port 0 --store sqlite:.fal-meter/ledger.db\n\n${EXIT_CODES_HELP}; Ctrl-C ends it well, with 0`,
    )
    .action((flags: DashboardFlags) => show(terminal, flags));
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("It must be a port from 0 to 65535.");
  return Number(text);
}

async function show(
  terminal: Terminal,
  { port, host, allowHost = [], token: given, timezone, store, json }: DashboardFlags,
): Promise<void> {
  const token = given ?? (process.env[TOKEN_VARIABLE] || undefined);
  const own = isLoopbackName(bracketed(host));
  const hosts = [...(own ? [] : [host]), ...allowHost].map(bracketed);
  if (!own && token === undefined) {
    throw new OptionsError(
      "--token",
      `given with --host ${host}, where others can reach it (or ${TOKEN_VARIABLE} set)`,
      undefined,
    );
  }
  const stop = interrupted();
  const opened = new Set<Store>();
  let name = "";
  const open = async () => {
    const ledger = await openLedger(store, process.env);
    name = ledger.name;
    if (ledger.kind === "missing") return undefined;
    opened.add(ledger.store);
    return ledger.store;
  };
  // Whether there is a ledger that can be read is told now and not by the page.
  const first = await open();
  const dashboard = createDashboard({
    store: first ? async () => first : open,
    ...(timezone !== undefined && { timezone }),
    ...(token !== undefined && { token }),
    ...(hosts.length > 0 && { hosts }),
  });
  const server = await listen(dashboard.fetch, port, host);
  const url = `http://${bracketed(host)}:${(server.address() as AddressInfo).port}/`;
  if (json) terminal.printJsonLine({ event: "started", url, store: name });
  else terminal.print(...welcome(terminal, { url, name, token: token !== undefined, missing: first === undefined }));
  await ended(stop);
  dashboard.close();
  await closed(server);
  for (const each of opened) await each.close();
}

/** An IPv6 address as it stands in a URL. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function welcome(
  { paint }: Terminal,
  about: { url: string; name: string; token: boolean; missing: boolean },
): string[] {
  return [
    `${paint.bold("The dashboard")} is at ${paint.cyan(about.url)}`,
    paint.dim(`It reads ${about.name}${about.missing ? ", which a meter makes with its first call" : ""}.`),
    ...(about.token ? [paint.dim("Add ?token= and the token to the address once; the browser remembers it.")] : []),
    "",
    paint.dim("Ctrl-C stops it."),
  ];
}

function listen(fetch: (request: Request) => Promise<Response>, port: number, hostname: string): Promise<Server> {
  // The global Request and Response stay the runtime's own, for the store and the meter use them too.
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname.replace(/^\[|\]$/g, ""), () => resolve(server));
  });
}

function ended(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve(), { once: true });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

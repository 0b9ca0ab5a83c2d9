import { Command } from "commander";
import { trendOf } from "../read-side.ts";
import type { Alert, AlertSeverity } from "../report/alert.ts";
import { holdAlerts, standingAlerts, trendAlerts } from "../report/alerts.ts";
import { pendingAlerts } from "../report/outbox.ts";
import { plainText } from "../report/plain-text.ts";
import { readHolds } from "../report/reading.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { noLedgerYet, storeOption } from "./ledger.ts";
import { wrapped } from "./prose.ts";
import { type OpenReading, type ReadingFlags, registeredStandings, TIMEZONE_HELP, withReading } from "./reading.ts";
import type { Terminal } from "./terminal.ts";

interface AlertsFlags extends ReadingFlags {
  json?: true;
}

export function alertsCommand(terminal: Terminal): Command {
  return new Command("alerts")
    .description("what somebody should hear of now, and which alerts wait to be delivered; sends nothing")
    .option("--timezone <zone>", TIMEZONE_HELP)
    .addOption(storeOption())
    .option("--json", "print one JSON document, amounts as exact decimal strings")
    .addHelpText("after", `\nExample:\n  $ fal-meter alerts --store sqlite:.fal-meter/ledger.db\n\n${EXIT_CODES_HELP}`)
    .action((flags: AlertsFlags) => withReading(terminal, flags, (reading) => show(terminal, flags, reading)));
}

async function show(terminal: Terminal, flags: AlertsFlags, reading: OpenReading) {
  const { ledger, store, now } = reading;
  const exists = ledger.kind === "open";
  const alerts = await currentAlerts(reading);
  const pending = await pendingAlerts(store, now);
  if (flags.json) terminal.printJson({ ledger: { store: ledger.name, exists }, currency: "USD", alerts, pending });
  else if (!exists) terminal.print(...noLedgerYet(ledger));
  else terminal.print(...linesOf(terminal, alerts, pending, ledger.name));
}

const RANK: Record<AlertSeverity, number> = { critical: 0, warning: 1, info: 2 };

/** The worst first. */
async function currentAlerts(reading: OpenReading): Promise<Alert[]> {
  const { store, now } = reading;
  const stood = await registeredStandings(store, now);
  const ending = stood.filter(({ rule }) => rule.per !== "total").map(({ standing }) => standing);
  const alerts = [
    ...standingAlerts(
      stood.map(({ standing }) => standing),
      now,
    ),
    ...trendAlerts(await trendOf(reading, stood), ending),
    ...holdAlerts(await readHolds(store, now), now),
  ];
  return alerts.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
}

const MOST_SHOWN = 50;

function linesOf(
  { paint, columns }: Terminal,
  alerts: readonly Alert[],
  pending: readonly Alert[],
  name: string,
): string[] {
  const tones: Record<AlertSeverity, (text: string) => string> = {
    critical: paint.red,
    warning: paint.yellow,
    info: paint.cyan,
  };
  const lines = alerts
    .slice(0, MOST_SHOWN)
    .flatMap(({ severity, title }) =>
      wrapped(`${tones[severity](severity.padEnd(8))}  ${plainText(title)}`, columns, " ".repeat(10)),
    );
  const left = alerts.length - MOST_SHOWN;
  const waiting = `${pending.length} ${pending.length === 1 ? "alert waits" : "alerts wait"} to be delivered.`;
  return [
    `${paint.bold("Alerts")} ${paint.dim(`in ${name}`)}`,
    "",
    ...(lines.length > 0 ? lines : ["Nothing that anybody should hear of."]),
    ...(left > 0 ? [`and ${left} more; --json prints all`] : []),
    ...(pending.length > 0 ? ["", waiting] : []),
  ];
}

import type { Alert, AlertSeverity } from "./alert.ts";
import { plainText } from "./plain-text.ts";

/** How an alert is written for the one who receives it. */
export type AlertFormat = "plain" | "slack" | "discord";

/** A Slack text block holds 3,000 characters and a Discord message 2,000; nothing of ours comes near, so what does is cut. */
const LONGEST = 1_500;

const SIGNS: Record<AlertSeverity, string> = { info: "ℹ️", warning: "⚠️", critical: "🛑" };

/** The JSON text to send. */
export function alertBody(alert: Alert, format: AlertFormat): string {
  if (format === "slack") return JSON.stringify(slackMessage(alert));
  if (format === "discord") return JSON.stringify(discordMessage(alert));
  return JSON.stringify(alert);
}

/** One line for a console. */
export function alertLine({ severity, title }: Alert): string {
  return `fal-meter ${severity}: ${cut(plainText(title))}`;
}

/** What Slack's incoming webhooks take. Names in it cannot mention anybody or make links. */
export function slackMessage({ severity, title, facts }: Alert): { text: string } {
  const lines = [`${SIGNS[severity]} ${slackText(title)}`, ...factLines(facts, slackText)];
  return { text: lines.join("\n") };
}

/** What Discord's webhooks take. Nobody is mentioned, whatever a name says. */
export function discordMessage({ severity, title, facts }: Alert): {
  content: string;
  allowed_mentions: { parse: never[] };
} {
  const lines = [`${SIGNS[severity]} ${discordText(title)}`, ...factLines(facts, discordText)];
  return { content: cut(lines.join("\n")), allowed_mentions: { parse: [] } };
}

function factLines(facts: Alert["facts"], written: (text: string) => string): string[] {
  return Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${written(value)}`]));
}

function slackText(text: string): string {
  return cut(plainText(text)).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function discordText(text: string): string {
  return cut(plainText(text)).replace(/[\\`*_~|<>[\]()#@:]/g, "\\$&");
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= LONGEST ? text : `${characters.slice(0, LONGEST - 1).join("")}…`;
}

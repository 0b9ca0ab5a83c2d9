export type AlertKind =
  | "usage-threshold"
  | "budget-exhausted"
  | "budget-refused"
  | "forecast-exceeds"
  | "anomaly"
  | "rate-limited"
  | "price-changed"
  | "price-drift"
  | "hold-undecided"
  | "hold-expired"
  | "store-failed";

export type AlertSeverity = "info" | "warning" | "critical";

/** Something that a person should hear of, once. */
export interface Alert {
  /** What makes it the same alert: its kind, what it is about, its threshold and its window. The key that deliveries are told apart by. */
  id: string;
  kind: AlertKind;
  severity: AlertSeverity;
  /** One line for people. */
  title: string;
  /** The figures, amounts as plain decimal strings. */
  facts: Readonly<Record<string, string | null>>;
  at: Date;
}

/** Half a character, which cannot be percent-encoded. */
const LONE_SURROGATE = /\p{Cs}/gu;

/** An id made of parts; no two lists of parts share one. */
export function alertId(...parts: readonly string[]): string {
  return parts.map((part) => encodeURIComponent(part.replace(LONE_SURROGATE, "\ufffd"))).join("|");
}

/** An alert as JSON text, and back. */
export function writtenAlert(alert: Alert): string {
  return JSON.stringify(alert);
}

export function readAlert(text: string): Alert {
  const alert = JSON.parse(text) as Omit<Alert, "at"> & { at: string };
  return { ...alert, at: new Date(alert.at) };
}

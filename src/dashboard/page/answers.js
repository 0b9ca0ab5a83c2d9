// @ts-check
/** The data API: how it is asked, and what it answers. */

/**
 * What a type of the server's is once it has come as JSON.
 * @template Sent
 * @typedef {Sent extends Date ? string : Sent extends readonly (infer Item)[] ? Received<Item>[] : Sent extends object ? { [Key in keyof Sent]: Received<Sent[Key]> } : Sent} Received
 */
/** @typedef {Received<import("../figures.ts").Summary>} Summary */
/** @typedef {Received<import("../figures.ts").Series>} Series */
/** @typedef {Received<import("../figures.ts").Groups>} Groups */
/** @typedef {Received<import("../budgets.ts").Budgets>} Budgets */
/** @typedef {Received<import("../calls.ts").Calls>} Calls */
/** @typedef {Received<import("../advice.ts").Outlook>} Outlook */

/** @typedef {{ summary: Summary, series: Series, groups: Groups, budgets: Budgets, calls: Calls, advice: Outlook }} Answers */

/** Why there is no answer, in words for people. */
export class Trouble extends Error {
  /**
   * @param {string} kind
   * @param {string} message
   */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/**
 * @template {keyof Answers} Name
 * @param {Name} name
 * @param {URLSearchParams} parameters
 * @param {Record<string, string>} [more]
 * @returns {Promise<Answers[Name]>}
 */
export async function ask(name, parameters, more = {}) {
  const asked = new URLSearchParams(parameters);
  for (const [key, value] of Object.entries(more)) asked.set(key, value);
  const response = await fetch(`api/${name}?${asked}`).catch(() => {
    throw new Trouble("unreachable", "The dashboard does not answer. It may have been stopped.");
  });
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  throw new Trouble(
    body?.error?.kind ?? "failed",
    body?.error?.message ?? `The dashboard answered ${response.status}.`,
  );
}

/** Control characters of both sets, half characters, line ends, and every mark that turns the direction of writing or shows nothing. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * Text of a caller's or a server's, fit to stand in any document: it cannot move a cursor, colour a terminal, break a line or
 * write backwards. What was taken out leaves a mark.
 */
export function plainText(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
}

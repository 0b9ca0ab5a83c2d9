/** Control characters of both sets, half characters, line ends, and every mark that turns the direction of writing or shows nothing. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

const LONGEST_NAME = 120;

/**
 * Text of a caller's or a server's, fit to stand in any document: it cannot move a cursor, colour a terminal, break a line or
 * write backwards. What was taken out leaves a mark.
 */
export function plainText(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
}

/** The same for a name, which should not fill a screen: at most 120 characters; the middle of a longer one gives way. */
export function plainName(text: string): string {
  return shortened(plainText(text), LONGEST_NAME);
}

/** At most `most` characters; the middle gives way, for the ends of an endpoint id tell the most. */
export function shortened(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) return text;
  if (most < 1) return "";
  const head = Math.ceil((most - 1) / 2);
  const tail = most - 1 - head;
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - tail).join("")}`;
}

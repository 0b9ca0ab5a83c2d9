/** Control characters of both sets, halves of characters, line and paragraph ends, and the marks that turn the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu;

const LONGEST = 120;

/**
 * Text from a ledger or a server, fit to be shown: it can neither move the cursor, nor colour, nor break a line. What was
 * taken out leaves a mark. At most 120 characters; the middle of a longer text gives way.
 */
export function plainText(text: string): string {
  return shortened(text.replace(UNSAFE, "\ufffd"), LONGEST);
}

/** The same for a whole message, which may be long. */
export function plainMessage(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
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

import { stripVTControlCharacters } from "node:util";

/** A sentence on as many lines as it needs, broken between words; later lines are indented. Colours take no room. */
export function wrapped(text: string, columns: number, indent: string): string[] {
  const lines: string[] = [];
  const [lead = ""] = /^ */.exec(text) ?? [];
  let line = lead;
  for (const word of text.slice(lead.length).split(" ")) {
    const longer = line === lead ? line + word : `${line} ${word}`;
    if (line.trim() !== "" && stripVTControlCharacters(longer).length > columns) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}

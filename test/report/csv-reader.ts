/** Reads RFC 4180 strictly; throws on a stray quote. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (let i = 0; i < text.length; ) {
    const row: string[] = [];
    for (;;) {
      const [, quoted, bare = ""] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))/.exec(text.slice(i)) ?? [];
      row.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
      i += quoted === undefined ? bare.length : quoted.length + 2;
      if (text[i] !== ",") break;
      i += 1;
    }
    if (text.slice(i, i + 2) !== "\r\n")
      throw new SyntaxError(`no line end at ${i}: ${JSON.stringify(text.slice(i, i + 20))}`);
    i += 2;
    rows.push(row);
  }
  return rows;
}

/** A part of a line that looks alike. */
export interface Span {
  readonly text: string;
  /** Classes such as `fg-1 bold`; empty for plain text. */
  readonly look: string;
}

/** Escape sequences: colours (SGR) are kept as looks, all else is dropped. */
const ESCAPE = /\x1b(?:\[([0-9;]*)([A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g;

/** Text with the sixteen colours of terminals, as spans. Nothing in it is ever read as markup. */
export function spans(text: string): readonly Span[] {
  if (!text.includes("\x1b")) return [{ text, look: "" }];
  const found: Span[] = [];
  let look = new Map<string, string>();
  let from = 0;
  const upTo = (end: number): void => {
    if (end > from) found.push({ text: text.slice(from, end), look: [...look.values()].join(" ") });
  };
  for (const match of text.matchAll(ESCAPE)) {
    upTo(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m") look = styled(look, (match[1] || "0").split(";").map(Number));
  }
  upTo(text.length);
  return found;
}

function styled(before: ReadonlyMap<string, string>, codes: readonly number[]): Map<string, string> {
  const look = new Map(before);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) look.clear();
    else if (code === 1) look.set("weight", "bold");
    else if (code === 22) look.delete("weight");
    else if (code === 4) look.set("line", "underlined");
    else if (code === 24) look.delete("line");
    else if (code === 39) look.delete("colour");
    else if (code >= 30 && code <= 37) look.set("colour", `fg-${code - 30}`);
    else if (code >= 90 && code <= 97) look.set("colour", `fg-${code - 90}`);
    else if (code === 38 || code === 48) {
      const colour = codes[at + 1] === 5 ? codes[at + 2] : undefined;
      if (code === 38 && colour !== undefined && colour < 16) look.set("colour", `fg-${colour % 8}`);
      at += codes[at + 1] === 5 ? 2 : codes[at + 1] === 2 ? 4 : 0;
    }
  }
  return look;
}

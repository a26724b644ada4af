import { tone } from "./colours";
import type { Places } from "./places";

/** A part of a line that looks alike. */
export interface Span {
  readonly text: string;
  /** Classes such as `fg-1 bold`; empty for plain text. */
  readonly look: string;
  /** Where it leads, by http or https alone. */
  readonly href?: string;
  /** Whether it is what was searched for. */
  readonly isHit?: boolean;
}

/** Escape sequences: colours (SGR) and links (OSC 8) are kept as looks, all else is dropped, a lone escape character too. */
const ESCAPE = /\x1b(?:\[([0-9;:?<=>!]*)[ -/]*([@-~])|\](?:8;[^;\x07\x1b]*;([^\x07\x1b]*)|[^\x07\x1b]*)(?:\x07|\x1b\\)|[@-Z\\^_]|)/g;

/** More changes of look than this in one line are no text for people: the rest is shown plain. */
const MOST = 300;

/** Text with the colours and links of terminals, as spans. Nothing in it is ever read as markup. */
export function spans(text: string): readonly Span[] {
  if (!text.includes("\x1b")) return [{ text, look: "" }];
  const found: Span[] = [];
  let look: ReadonlyMap<string, string> = new Map();
  let href: string | undefined;
  let from = 0;
  let pending = "";
  const flush = (): void => {
    if (pending) found.push({ text: pending, look: [...look.values()].join(" "), ...(href ? { href } : {}) });
    pending = "";
  };
  for (const match of text.matchAll(ESCAPE)) {
    pending += text.slice(from, match.index);
    from = match.index + match[0].length;
    const isStyle = match[2] === "m";
    if ((!isStyle && match[3] === undefined) || found.length >= MOST) continue;
    flush();
    if (isStyle) look = styled(look, (match[1] || "0").split(/[;:]/).map(Number));
    else href = address(match[3] ?? "");
  }
  pending += text.slice(from);
  flush();
  return found.length > 0 ? found : [{ text: "", look: "" }];
}

/** The text as people read it. */
export function plain(text: string): string {
  return text.includes("\x1b") ? text.replace(ESCAPE, "") : text;
}

/** At most so many characters of it. */
export function cut(all: readonly Span[], most: number): readonly Span[] {
  const kept: Span[] = [];
  let left = most;
  for (const span of all) {
    if (left <= 0) break;
    kept.push(span.text.length > left ? { ...span, text: span.text.slice(0, left) } : span);
    left -= span.text.length;
  }
  return kept;
}

/** With what stands at these places marked. */
export function marked(all: readonly Span[], places: Places): readonly Span[] {
  const whole = all.map((span) => span.text).join("");
  const wanted = places(whole);
  if (wanted.length === 0) return all;
  const found: Span[] = [];
  let start = 0;
  for (const span of all) {
    const end = start + span.text.length;
    let from = start;
    for (const [begins, ends] of wanted) {
      const [first, last] = [Math.max(begins, start), Math.min(ends, end)];
      if (first >= last) continue;
      if (first > from) found.push({ ...span, text: whole.slice(from, first) });
      found.push({ ...span, text: whole.slice(first, last), isHit: true });
      from = last;
    }
    if (from < end) found.push({ ...span, text: whole.slice(from, end) });
    start = end;
  }
  return found;
}

function address(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}

const ON: Readonly<Record<number, readonly [string, string]>> = {
  1: ["weight", "bold"],
  2: ["faint", "faint"],
  3: ["slope", "italic"],
  4: ["line", "underlined"],
  7: ["inverse", "inverse"],
  9: ["strike", "struck"],
};
const OFF: Readonly<Record<number, readonly string[]>> = {
  22: ["weight", "faint"],
  23: ["slope"],
  24: ["line"],
  27: ["inverse"],
  29: ["strike"],
  39: ["colour"],
  49: ["ground"],
};

function styled(before: ReadonlyMap<string, string>, codes: readonly number[]): ReadonlyMap<string, string> {
  const look = new Map(before);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    const on = ON[code];
    if (code === 0) look.clear();
    else if (on) look.set(...on);
    else if (OFF[code]) OFF[code].forEach((key) => look.delete(key));
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) look.set("colour", `fg-${code % 10}`);
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) look.set("ground", `bg-${code % 10}`);
    else if (code === 38 || code === 48) {
      const indexed = codes[at + 1] === 5;
      const colour = indexed ? tone(codes.slice(at + 2, at + 3)) : codes[at + 1] === 2 ? tone(codes.slice(at + 2, at + 5)) : null;
      if (colour !== null) look.set(code === 38 ? "colour" : "ground", `${code === 38 ? "fg" : "bg"}-${colour}`);
      at += indexed ? 2 : codes[at + 1] === 2 ? 4 : 0;
    }
  }
  return look;
}

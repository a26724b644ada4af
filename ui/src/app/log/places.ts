/** Where in a text something is: from, and up to. */
export type Places = (text: string) => readonly (readonly [from: number, to: number])[];

/** More places than this in one line are not marked. */
const MOST = 300;
/** An expression of two parts of any length is looked for in no longer a text: the browser tries all lengths of both from everywhere. */
const SHORT = 500;

/** Where a text is; in small letters unless case matters. */
export function literal(wanted: string, caseMatters: boolean): Places {
  const folded = (text: string): string => (caseMatters ? text : text.toLowerCase());
  const sought = folded(wanted);
  return (whole) => {
    const text = folded(whole);
    // Some letters change their length: then the places are not the same in both.
    if (!sought || text.length !== whole.length) return [];
    const found: (readonly [number, number])[] = [];
    for (let at = text.indexOf(sought); at >= 0 && found.length < MOST; at = text.indexOf(sought, at + sought.length)) {
      found.push([at, at + sought.length]);
    }
    return found;
  };
}

/**
 * Where an expression fits. The server finds the lines; in them it is the browser that looks, and it is asked for nothing that it reads in
 * another way, or that may take it long: such an expression is nowhere.
 */
export function expression(pattern: string, caseMatters: boolean): Places {
  const lengths = unbounded(pattern);
  const looked = lengths <= 2 ? read(pattern, caseMatters ? "gu" : "giu") : null;
  return (text) => {
    if (!looked || (lengths === 2 && text.length > SHORT)) return [];
    const found: (readonly [number, number])[] = [];
    for (const match of text.matchAll(looked)) {
      if (match[0]) found.push([match.index, match.index + match[0].length]);
      if (found.length >= MOST) break;
    }
    return found;
  };
}

/** What is an error with the flag `u` is what the server reads in another way. */
function read(pattern: string, flags: string): RegExp | null {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return null;
  }
}

/** How many of its parts may be of many lengths; too many where one of them is a group. */
function unbounded(pattern: string): number {
  const bare = pattern.replace(/\\./gs, "a").replace(/\[[^\]]*\]/g, "a");
  return /\)[*+{]/.test(bare) ? Infinity : (bare.match(/[*+{]/g) ?? []).length;
}

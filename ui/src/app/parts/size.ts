const LETTERS = "KMGT";

/** A number of bytes as people write it, in the largest unit in which it is whole: `1 GiB`, `500 MB`, `1023 bytes`. */
export function sized(bytes: number): string {
  for (const [base, unit] of [[1024, "iB"], [1000, "B"]] as const) {
    for (let power = LETTERS.length; power > 0; power -= 1) {
      const count = bytes / base ** power;
      if (count >= 1 && Number.isInteger(count)) return `${count} ${LETTERS[power - 1]}${unit}`;
    }
  }
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

/** The number of bytes that somebody means; without a unit it is one of bytes, and null is no size. */
export function bytesOf(text: string): number | null {
  const [, count, letter, binary] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b|b|bytes?)?$/i.exec(text.trim()) ?? [];
  if (count === undefined) return null;
  const power = letter ? LETTERS.indexOf(letter.toUpperCase()) + 1 : 0;
  const bytes = Math.round(Number(count) * (binary ? 1024 : 1000) ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

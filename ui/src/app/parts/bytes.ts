const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** A size in the largest unit that fits: `1.4 MB`. */
export function bytes(size: number): string {
  let unit = 0;
  let left = size;
  for (; left >= 1000 && unit < UNITS.length - 1; unit += 1) left /= 1000;
  return `${unit === 0 ? left : left.toFixed(left < 10 ? 1 : 0)} ${UNITS[unit]}`;
}

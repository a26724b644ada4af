/**
 * The nearest of the eight colours that can be read on both themes, for one of the 256 of terminals or for red, green and blue; null
 * for what is none.
 */
export function tone(colour: readonly number[]): number | null {
  const [first, green, blue] = colour;
  if (first === undefined || !colour.every((part) => part >= 0 && part <= 255)) return null;
  if (green !== undefined && blue !== undefined) return nearest(first, green, blue);
  if (first < 16) return first % 8;
  if (first >= 232) return grey(8 + 10 * (first - 232));
  const cube = first - 16;
  const level = (step: number): number => (step === 0 ? 0 : 55 + 40 * step);
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** Black and white are the theme's: what is meant to be faint is faint, all else is text. */
function grey(level: number): number {
  return level < 140 ? 0 : 7;
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < 40) return grey(most);
  const hue = most === red ? ((green - blue) / range + 6) % 6 : most === green ? (blue - red) / range + 2 : (red - green) / range + 4;
  const degrees = 60 * hue;
  if (degrees < 25 || degrees >= 335) return 1;
  if (degrees < 75) return 3;
  if (degrees < 160) return 2;
  if (degrees < 200) return 6;
  return degrees < 260 ? 4 : 5;
}

import { type Box, FRAME, type Node } from "./layout";

/** How much further away something is that stands aside of the way. */
const ASIDE = 2;

type Way = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/**
 * Where a key leads from one box of a picture: to what waits for it, or what it waits for, where there is such a thing on that side,
 * else to the nearest on that side; to the first and the last by Home and End. A frame is left and entered by its head.
 */
export function walk<N extends Node>(boxes: readonly Box<N>[], from: Box<N>, key: string): Box<N> | undefined {
  switch (key) {
    case "Home":
      return boxes[0];
    case "End":
      return boxes.at(-1);
    case "ArrowRight":
      return nearest(boxes.filter(({ node }) => node.dependsOn.some(({ id }) => id === from.node.id)), from, key) ?? nearest(boxes, from, key);
    case "ArrowLeft":
      return nearest(boxes.filter(({ node }) => from.node.dependsOn.some(({ id }) => id === node.id)), from, key) ?? nearest(boxes, from, key);
    case "ArrowUp":
    case "ArrowDown":
      return nearest(boxes, from, key);
    default:
      return undefined;
  }
}

function nearest<N extends Node>(boxes: readonly Box<N>[], from: Box<N>, way: Way): Box<N> | undefined {
  let found: Box<N> | undefined;
  let least = Infinity;
  for (const box of boxes) {
    const far = box === from ? Infinity : distance(head(from), head(box), way);
    if (far < least) [found, least] = [box, far];
  }
  return found;
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a frame only the head counts: the boxes inside of it are below that. */
function head<N extends Node>({ x, y, width, height, isGroup }: Box<N>): Area {
  return { left: x, right: x + width, top: y, bottom: y + (isGroup ? FRAME.top : height) };
}

function distance(from: Area, to: Area, way: Way): number {
  const aside = (a: number, b: number): number => ASIDE * Math.max(0, a, b);
  switch (way) {
    case "ArrowRight":
      return ahead(to.left - from.right) + aside(to.top - from.bottom, from.top - to.bottom);
    case "ArrowLeft":
      return ahead(from.left - to.right) + aside(to.top - from.bottom, from.top - to.bottom);
    case "ArrowDown":
      return ahead(to.top - from.bottom) + aside(to.left - from.right, from.left - to.right);
    case "ArrowUp":
      return ahead(from.top - to.bottom) + aside(to.left - from.right, from.left - to.right);
  }
}

function ahead(gap: number): number {
  return gap < 0 ? Infinity : gap;
}

/** A short name made from a name, as the server takes it: 1 to 63 of a-z, 0-9 and `-`, none of these at the ends; empty if none can be made. */
export function slugOf(name: string): string {
  const plain = name.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

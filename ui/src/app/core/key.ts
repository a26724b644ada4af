/** A key by which the server knows a request that it is sent twice. Not `randomUUID`: that is there over https alone. */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

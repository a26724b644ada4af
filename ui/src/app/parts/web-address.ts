/** An address that may be a link: those of the web alone. */
export const webAddress = (text: string | null | undefined): string | null => (text && /^https?:\/\//i.test(text) ? text : null);

const KEY = "alm.preferences";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** What a reader has chosen, as this browser keeps it; whatever somebody has made of it. */
export function kept(): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Keeps it. */
export function keep(chosen: Record<string, unknown>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // Storage may be full or forbidden: the choice then holds for this page.
  }
}

/** The theme among what was chosen. */
export function themeOf({ theme }: Record<string, unknown>): Theme {
  return THEMES.find((one) => one === theme) ?? "system";
}

/** Shows the page in this theme. */
export function dress(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === "system" ? "" : theme;
}

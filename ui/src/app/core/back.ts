import { DestroyRef, effect, inject } from "@angular/core";

import { Socket } from "./socket";

/**
 * Calls when somebody comes back to the page: it is shown or has the focus again, or the server is there again after it was lost. For
 * what no stream tells. Where there is an injection context.
 */
export function whenBack(go: () => void): void {
  const socket = inject(Socket);
  const isShown = (): void => {
    if (document.visibilityState === "visible") go();
  };
  document.addEventListener("visibilitychange", isShown);
  window.addEventListener("focus", isShown);
  inject(DestroyRef).onDestroy(() => {
    document.removeEventListener("visibilitychange", isShown);
    window.removeEventListener("focus", isShown);
  });
  let wasLost = false;
  effect(() => {
    const { state } = socket.connection();
    const isLost = state === "reconnecting" || state === "offline";
    if (wasLost && !isLost) go();
    wasLost = isLost;
  });
}

import { Component, computed, input } from "@angular/core";

/** How a status looks: a shape and a word, so that colour is never all there is. */
export interface Look {
  /** An SVG path in a square of 16. */
  readonly icon: string;
  readonly word: string;
  readonly tone: "succeeded" | "failed" | "running" | "waiting" | "warning" | "error" | "idle";
}

const LOOKS: Record<string, Look> = {
  PLANNED: { icon: "M8 3a5 5 0 1 0 0 10 5 5 0 0 0 0-10", word: "Planned", tone: "idle" },
  QUEUED: { icon: "M8 2a6 6 0 1 0 0 12 6 6 0 0 0 0-12M8 5v3l2 2", word: "Queued", tone: "idle" },
  RUNNING: { icon: "M5 3l8 5-8 5z", word: "Running", tone: "running" },
  WAITING_FOR_APPROVAL: { icon: "M6 3v10M10 3v10", word: "Waiting for approval", tone: "waiting" },
  WAITING_FOR_CREDENTIAL: {
    icon: "M5.5 5.5a3 3 0 1 0 0 5 3 3 0 0 0 0-5M8 8h6M12 8v3",
    word: "Waiting for an account",
    tone: "waiting",
  },
  CANCELLING: { icon: "M8 2a6 6 0 1 0 0 12 6 6 0 0 0 0-12M5 8h6", word: "Cancelling", tone: "warning" },
  SUCCEEDED: { icon: "M3 8.5l3.5 3.5L13 4.5", word: "Succeeded", tone: "succeeded" },
  UNSTABLE: { icon: "M8 3v6M8 12v1", word: "Unstable", tone: "warning" },
  FAILED: { icon: "M4 4l8 8M12 4l-8 8", word: "Failed", tone: "failed" },
  ERRORED: { icon: "M8 2L1.5 13.5h13zM8 6.5v3.5M8 11.5v1", word: "Errored", tone: "error" },
  CANCELLED: { icon: "M8 2a6 6 0 1 0 0 12 6 6 0 0 0 0-12M4 4l8 8", word: "Cancelled", tone: "idle" },
  SKIPPED: { icon: "M3 4l4 4-4 4M9 4l4 4-4 4", word: "Skipped", tone: "idle" },
  // Of steps whose engine does not say how they went.
  BEGUN: { icon: "M5 3l8 5-8 5z", word: "Begun", tone: "idle" },
  ENDED: { icon: "M8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4", word: "Ended", tone: "idle" },
  // Of deployments.
  ACTIVE: { icon: "M3 8.5l3.5 3.5L13 4.5", word: "Live", tone: "succeeded" },
  SUPERSEDED: { icon: "M8 13V4M4 7.5L8 3.5l4 4", word: "Superseded", tone: "idle" },
  ROLLED_BACK: { icon: "M6 4L2.5 7.5 6 11M3 7.5h6.5a3.5 3.5 0 0 1 0 7H8", word: "Rolled back", tone: "warning" },
  // Of accounts.
  NOT_CONNECTED: { icon: "M3 8h10", word: "Not connected", tone: "idle" },
  PENDING: { icon: "M8 2a6 6 0 1 0 0 12 6 6 0 0 0 0-12M8 5v3l2 2", word: "At the sign-in page", tone: "waiting" },
  CONNECTED: { icon: "M3 8.5l3.5 3.5L13 4.5", word: "Connected", tone: "succeeded" },
  EXPIRING: { icon: "M8 3v6M8 12v1", word: "Ends soon", tone: "warning" },
  EXPIRED: { icon: "M4 4l8 8M12 4l-8 8", word: "Ended", tone: "failed" },
  REVOKED: { icon: "M8 2a6 6 0 1 0 0 12 6 6 0 0 0 0-12M4 4l8 8", word: "Withdrawn", tone: "failed" },
  ERROR: { icon: "M8 2L1.5 13.5h13zM8 6.5v3.5M8 11.5v1", word: "Cannot be checked", tone: "error" },
};

const OVER = new Set(["SUCCEEDED", "UNSTABLE", "FAILED", "ERRORED", "CANCELLED", "SKIPPED"]);

export function look(status: string): Look {
  return LOOKS[status] ?? { icon: "M6 5a2 2 0 1 1 2 3v2M8 12v1", word: status, tone: "idle" };
}

export function isOver(status: string): boolean {
  return OVER.has(status);
}

export function isBad(status: string): boolean {
  return status === "FAILED" || status === "ERRORED";
}

/** A status as icon, word and colour; only the icon where `brief`, with the word for those who do not see it. */
@Component({
  selector: "alm-status",
  host: { "[attr.data-tone]": "shown().tone", class: "status" },
  template: `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path [attr.d]="shown().icon" /></svg
    ><span [class.unseen]="brief()">{{ shown().word }}</span>`,
})
export class Status {
  readonly status = input.required<string>();
  readonly brief = input(false);
  protected readonly shown = computed(() => look(this.status()));
}

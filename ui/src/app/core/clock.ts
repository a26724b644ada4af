import { Injectable, signal } from "@angular/core";

/** The server's time, as far as this browser knows it; ticks each second. */
@Injectable({ providedIn: "root" })
export class Clock {
  private ahead = 0;

  /** Milliseconds since 1970. */
  readonly now = signal(Date.now());

  constructor() {
    setInterval(() => this.now.set(Date.now() + this.ahead), 1_000);
  }

  /** The server has said what time it is. */
  set(server: string): void {
    this.ahead = Date.parse(server) - Date.now();
    this.now.set(Date.now() + this.ahead);
  }
}

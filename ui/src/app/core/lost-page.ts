import { Location } from "@angular/common";
import { Injectable, inject, signal } from "@angular/core";

/** How often it is looked whether the server is there again, in milliseconds. */
const PAUSE = 1_000;
/** A page that was loaded so short a time ago is not loaded again, in milliseconds. */
const LATELY = 10_000;
const KEY = "alm.loaded";

/**
 * A page that could not be shown because its script did not come: the server is away, or it has other scripts by now. Browsers remember
 * a script that did not come, so that the page is loaded anew when the server is there.
 */
@Injectable({ providedIn: "root" })
export class LostPage {
  private readonly location = inject(Location);
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Its address; null where none is missing. */
  readonly address = signal<string | null>(null);

  /** The page at this address of the pages could not be shown. */
  missed(url: string): void {
    const address = this.location.prepareExternalUrl(url);
    this.address.set(address);
    void this.load(address);
  }

  /** Another page is shown. */
  forget(): void {
    clearTimeout(this.timer);
    this.address.set(null);
  }

  private async load(address: string): Promise<void> {
    clearTimeout(this.timer);
    const isThere = await fetch(address, { method: "HEAD", cache: "no-store" }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (this.address() !== address) return;
    if (!isThere) this.timer = setTimeout(() => void this.load(address), PAUSE);
    else if (!lately(address)) location.assign(address);
  }
}

/** Whether this page was loaded for want of its script just now; from now on it was. */
function lately(address: string): boolean {
  const [at, last] = (sessionStorage.getItem(KEY) ?? "").split(" ");
  sessionStorage.setItem(KEY, `${Date.now()} ${address}`);
  return last === address && Date.now() - Number(at) < LATELY;
}

import { Injectable, Injector, afterNextRender, inject, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { NavigationStart, Router } from "@angular/router";

/** How far somebody had read in a list, and where it was scrolled to. */
interface Place {
  readonly count: number;
  readonly top: number;
}

/** So many lists are remembered. */
const MOST = 20;

/** Where lists were left, by their addresses; as long as this page lives. */
@Injectable({ providedIn: "root" })
class Places {
  readonly all = new Map<string, Place>();
}

/** Leads whoever comes back to a list by the browser's own button to where they left it. Where there is an injection context. */
export class Resumed {
  private readonly injector = inject(Injector);
  private readonly places = inject(Places).all;
  private readonly isBack: boolean;
  private address: string | null = null;
  private wanted: Place | undefined;

  /** `count` tells how much of the list is read. */
  constructor(count: () => number) {
    const router = inject(Router);
    // What is inside of another screen comes after the navigation is over.
    this.isBack = untracked(() => router.currentNavigation() ?? router.lastSuccessfulNavigation())?.trigger === "popstate";
    router.events.pipe(takeUntilDestroyed()).subscribe((event) => {
      if (!(event instanceof NavigationStart) || this.address === null) return;
      this.places.delete(this.address);
      this.places.set(this.address, { count: count(), top: scrollY });
      const [oldest] = this.places.keys();
      if (this.places.size > MOST && oldest !== undefined) this.places.delete(oldest);
    });
  }

  /** So much is read: whether more has to be before the place is there, which is shown as soon as it is. */
  wantsMore(count: number, hasMore: boolean): boolean {
    if (this.address === null && this.isBack) this.wanted = this.places.get(here());
    this.address = here();
    const wanted = this.wanted;
    if (!wanted) return false;
    if (hasMore && count < wanted.count) return true;
    this.wanted = undefined;
    afterNextRender(() => scrollTo({ top: wanted.top }), { injector: this.injector });
    return false;
  }
}

function here(): string {
  return location.pathname + location.search;
}

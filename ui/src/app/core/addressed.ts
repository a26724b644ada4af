import { type Signal, computed, inject } from "@angular/core";
import { toSignal } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router } from "@angular/router";

/** What stands in the address, by these names; what does not is missing. */
export type Query<Name extends string> = { readonly [name in Name]?: string | undefined };

/** What a list is narrowed by. It is kept in the address: it lasts over a reload, and can be sent to somebody. */
export interface Addressed<Name extends string> {
  readonly query: Signal<Query<Name>>;
  readonly isAny: Signal<boolean>;
  /** Puts it into the address, which then is what is shown, and Back takes it out again; nothing takes a name out. */
  set(change: { readonly [name in Name]?: string | null | undefined }): void;
  clear(): void;
}

/** Where there is an injection context. */
export function addressed<Name extends string>(...names: readonly Name[]): Addressed<Name> {
  const router = inject(Router);
  const route = inject(ActivatedRoute);
  const address = toSignal(route.queryParamMap, { requireSync: true });
  const query = computed(() => Object.fromEntries(names.map((name) => [name, address().get(name) || undefined])) as Query<Name>);
  const set: Addressed<Name>["set"] = (change) => {
    const queryParams = Object.fromEntries(Object.entries<string | null | undefined>(change).map(([name, text]) => [name, text || null]));
    void router.navigate([], { relativeTo: route, queryParams, queryParamsHandling: "merge", scroll: "manual" });
  };
  return {
    query,
    isAny: computed(() => Object.values(query()).some(Boolean)),
    set,
    clear: () => set(Object.fromEntries(names.map((name) => [name, null])) as { readonly [name in Name]: null }),
  };
}

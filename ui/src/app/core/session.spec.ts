import { TestBed } from "@angular/core/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Session } from "./session";

/** The sign-in of one more tab; its storage is its own. */
function tab(token: string | null): Session {
  sessionStorage.clear();
  if (token) sessionStorage.setItem("alm.token", token);
  return TestBed.runInInjectionContext(() => new Session());
}

describe("the sign-in of tabs that are open beside one another", () => {
  beforeEach(() => sessionStorage.clear());
  afterEach(() => sessionStorage.clear());

  it("is had by one that is opened, once the server has taken it, and ends in all of them", async () => {
    const first = tab("secret");
    first.worked();
    const second = tab(null);
    await vi.waitFor(() => expect(second.token()).toBe("secret"));
    second.worked();
    second.signOut();
    await vi.waitFor(() => expect(first.token()).toBeNull());
    expect([first.isHere(), second.isHere(), first.ended()]).toEqual([false, false, null]);
  });

  it("is not had from one whose token the server has not taken, nor by one whose own has ended", async () => {
    const untried = tab("untried");
    const ended = tab("old");
    ended.worked();
    ended.refused("old");
    const fresh = tab(null);
    const works = tab("works");
    works.worked();
    const last = tab(null);
    await vi.waitFor(() => expect([fresh.token(), last.token()]).toEqual(["works", "works"]));
    expect([untried.token(), ended.token()]).toEqual(["untried", null]);
  });
});

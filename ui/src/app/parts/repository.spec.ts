import { describe, expect, it } from "vitest";

import { isRepositoryAddress, repositoryName } from "./repository";

describe("repositoryName", () => {
  it("is the last part of an address of any form", () => {
    expect(repositoryName("https://git.example.org/team/shop.git")).toBe("shop");
    expect(repositoryName("git@git.example.org:team/shop.git/")).toBe("shop");
    expect(repositoryName("/srv/git/shop")).toBe("shop");
    expect(repositoryName("")).toBe("");
  });
});

describe("isRepositoryAddress", () => {
  it("tells addresses from what is none before anything is made", () => {
    for (const one of ["https://git.example.org/team/shop.git", " ssh://git@host/x ", "git@host:team/shop.git", "host:shop", "/srv/my shop", "file:///srv/x"]) {
      expect(isRepositoryAddress(one), one).toBe(true);
    }
    for (const one of ["", "hello world", "-5", "<b>x</b>", "shop", "https://", "/", "git.example.org/team/shop", "ext::sh -c x", "see https://x"]) {
      expect(isRepositoryAddress(one), one).toBe(false);
    }
  });
});

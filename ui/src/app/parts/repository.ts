/** What a repository is called, from its address. */
export function repositoryName(address: string): string {
  const last = address.trim().replace(/\/+$/, "").split(/[/:]/).pop() ?? "";
  return last.replace(/\.git$/, "");
}

/** Whether git could clone by it at all: it has a scheme, is an absolute path, or names a host and a path there. The server knows the rest. */
export function isRepositoryAddress(text: string): boolean {
  return /^([a-z][a-z0-9+.-]*:\/\/|\/|[^\s/:]+:(?!:|\/\/))\S/i.test(text.trim());
}

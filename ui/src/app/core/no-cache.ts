import { ApolloCache, type Cache, type Transaction } from "@apollo/client";

/** Keeps nothing: each screen folds what it is told into a state of its own, by revision. */
export class NoCache extends ApolloCache {
  override read(): null {
    return null;
  }

  override write(): undefined {
    return undefined;
  }

  override diff<Data>(): Cache.DiffResult<Data> {
    return { complete: false, result: null };
  }

  override watch(): () => void {
    return () => undefined;
  }

  override async reset(): Promise<void> {}

  override evict(): boolean {
    return false;
  }

  override restore(): this {
    return this;
  }

  override extract(): unknown {
    return {};
  }

  override removeOptimistic(): void {}

  override fragmentMatches(): boolean {
    return false;
  }

  override performTransaction(transaction: Transaction): void {
    transaction(this);
  }
}

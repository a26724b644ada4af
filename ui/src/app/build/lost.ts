import type { BuildPageFragment, StageBitsFragment } from "../api/operations";
import { chosen } from "../log/permalink";
import { isOver } from "../parts/status";

/** What an address names of a build. */
interface Named {
  readonly stage: string | undefined;
  readonly attempt: string | undefined;
  readonly fragment: string | null | undefined;
}

/** What of it is not there, as sentences; what may still come is waited for. */
export function lost({ stage: key, attempt, fragment }: Named, build: BuildPageFragment, stages: readonly StageBitsFragment[]): readonly string[] {
  const found = [];
  const stage = stages.find((one) => one.key === key);
  const isKnown = stages.length > 0 || isOver(build.status);
  if (key && !stage && isKnown) found.push(`This build has no stage “${key}”.`);
  if (stage && attempt && !stage.attempts.some(({ number }) => String(number) === attempt)) {
    const count = stage.attempts.length;
    found.push(`${stage.name} has no attempt ${attempt}: ${count === 0 ? "it has not begun" : count === 1 ? "there was one" : `there are ${count}`}.`);
  }
  const line = chosen(fragment)?.from;
  const { lineCount, isComplete } = build.log;
  if (line && isComplete && line > lineCount) {
    found.push(lineCount === 0 ? "The log is empty." : `There is no line ${line.toLocaleString("en")}: the log ends at line ${lineCount.toLocaleString("en")}.`);
  }
  return found;
}

import { Component, computed, input } from "@angular/core";

import type { ApprovalBitsFragment } from "../api/operations";
import { actorName } from "../parts/actor";
import { shown } from "../parts/question";
import { Ago } from "../parts/time";

const WORDS: Readonly<Record<string, { readonly tone: string; readonly text: string }>> = {
  APPROVE: { tone: "succeeded", text: "✓ approved" },
  REJECT: { tone: "failed", text: "✕ rejected" },
};

/** A longer value, or one of more lines, is folded behind its beginning. */
const LONGEST = 240;
const MOST_LINES = 4;
const BEGINNING = 60;

/** What people have said to a question, and what they gave with it. */
@Component({
  selector: "alm-said",
  imports: [Ago],
  template: `
    <ul class="plainlist">
      @for (one of told(); track $index) {
        <li>
          <p>
            <span class="status" [attr.data-tone]="one.look.tone">{{ one.look.text }}</span> by <bdi>{{ one.by }}</bdi>&ngsp;<alm-ago class="hint" [at]="one.at" />
          </p>
          @if (one.comment) {
            <p>“{{ one.comment }}”</p>
          }
          @if (one.given.length > 0) {
            <dl class="parameters">
              @for (value of one.given; track value.name) {
                <div>
                  <dt [title]="value.name">{{ value.label }}</dt>
                  <dd>
                    @if (value.begins !== null) {
                      <details>
                        <summary>{{ value.begins }}… <span class="hint">{{ value.size }}</span></summary>
                        <span class="value">{{ value.text }}</span>
                      </details>
                    } @else if (value.text === "") {
                      <span class="hint">empty</span>
                    } @else {
                      <span class="value">{{ value.text }}</span>
                    }
                  </dd>
                </div>
              }
            </dl>
          }
        </li>
      }
    </ul>
  `,
})
export class Said {
  readonly approval = input.required<ApprovalBitsFragment>();

  protected readonly told = computed(() => {
    const { decisions, parameters: asked } = this.approval();
    return decisions.map(({ actor, verdict, comment, at, parameters }) => ({
      look: WORDS[verdict] ?? { tone: "idle", text: verdict.toLowerCase() },
      by: actorName(actor),
      comment,
      at,
      given: parameters.map(({ name, value }) => ({ name, label: asked.find((one) => one.name === name)?.label ?? name, ...folded(value) })),
    }));
  });
}

/** A value in words; the beginning too, where it is too long to stand there whole. */
export function folded(value: unknown): { readonly text: string; readonly begins: string | null; readonly size: string } {
  const text = value === "" ? "" : shown(value);
  const lines = text.split("\n");
  const characters = [...text];
  const isLong = characters.length > LONGEST || lines.length > MOST_LINES;
  const size = lines.length > MOST_LINES ? `${lines.length.toLocaleString("en")} lines` : `${characters.length.toLocaleString("en")} characters`;
  return { text, begins: isLong ? [...(lines.find((line) => line.trim()) ?? "")].slice(0, BEGINNING).join("") : null, size };
}

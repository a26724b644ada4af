import { Component, computed, input } from "@angular/core";

import type { BuildPageFragment, StageBitsFragment } from "../api/operations";
import { Copy } from "../parts/copy";
import { webAddress } from "../parts/web-address";

/** What a build says that it made: images and other things by their digests, and values. */
@Component({
  selector: "alm-outputs",
  imports: [Copy],
  template: `
    <details class="card">
      <summary>Outputs: {{ outputs().length }}</summary>
      <ul class="files">
        @for (output of outputs(); track $index) {
          <li class="row">
            <span>
              <b>{{ output.name }}</b>&ngsp;<span class="hint">{{ kinds[output.kind] }}</span>
              @if (names().get(output.stageId ?? ""); as stage) {
                &ngsp;<span class="hint">of <bdi>{{ stage }}</bdi></span>
              }
            </span>
            @if (webAddress(output.value); as address) {
              <a class="wide" [href]="address" target="_blank" rel="noopener noreferrer">{{ address }} ↗</a>
            } @else {
              <code class="wide" [title]="whole(output)">{{ whole(output) }}</code>
            }
            @if (output.provenance; as provenance) {
              <span class="hint">
                ✓ signed, says {{ provenance.by }}
                @if (webAddress(provenance.logUrl); as address) {
                  <a [href]="address" target="_blank" rel="noopener noreferrer">entry ↗</a>
                }
              </span>
            }
            <alm-copy [text]="whole(output)" [what]="output.name" />
          </li>
        }
      </ul>
    </details>
  `,
})
export class Outputs {
  readonly outputs = input.required<BuildPageFragment["outputs"]>();
  readonly stages = input<readonly StageBitsFragment[]>([]);
  protected readonly names = computed(() => new Map(this.stages().map(({ id, name }) => [id, name])));
  protected readonly kinds = { IMAGE: "image", OBJECT: "object", RESULT: "result" } as const;
  protected readonly webAddress = webAddress;

  /** An image as it is pulled: by its digest. */
  protected whole({ kind, value, digest }: BuildPageFragment["outputs"][number]): string {
    if (!digest || value.includes(digest)) return value;
    return kind === "IMAGE" ? `${value}@${digest}` : `${value} ${digest}`;
  }
}

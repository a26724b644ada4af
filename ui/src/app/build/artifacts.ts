import { Component, inject, input, signal } from "@angular/core";

import type { BuildPageFragment } from "../api/operations";
import { Copy } from "../parts/copy";
import { Download } from "../parts/download";
import { bytes } from "../parts/bytes";

/** The files that a build has left behind. */
@Component({
  selector: "alm-artifacts",
  imports: [Copy],
  template: `
    <details class="card">
      <summary>Artifacts: {{ files().length }}</summary>
      <ul class="files">
        @for (file of files(); track file.path) {
          <li class="row">
            <code class="wide" [title]="file.path">{{ file.path }}</code> <span class="hint">{{ bytes(file.size) }}</span>
            <span class="hint digest">
              SHA-256 <code [title]="file.sha256">{{ file.sha256.slice(0, 12) }}</code>
              <alm-copy [text]="file.sha256" [what]="'the SHA-256 of ' + file.path" [brief]="true" />
            </span>
            <button type="button" class="quiet small" [disabled]="busy() === file.path" [attr.aria-label]="'Download ' + file.path" (click)="save(file)">Download</button>
          </li>
        }
      </ul>
      @if (trouble(); as why) {
        <p role="alert" class="refused">{{ why }}</p>
      }
    </details>
  `,
})
export class Artifacts {
  private readonly downloads = inject(Download);
  readonly files = input.required<BuildPageFragment["artifacts"]>();
  protected readonly busy = signal<string | null>(null);
  protected readonly trouble = signal<string | null>(null);
  protected readonly bytes = bytes;

  protected async save({ path, downloadPath }: BuildPageFragment["artifacts"][number]): Promise<void> {
    this.busy.set(path);
    this.trouble.set(await this.downloads.save(downloadPath, path.split("/").at(-1) ?? path));
    this.busy.set(null);
  }
}

import { Component, computed, input } from "@angular/core";

import { look } from "./status";
import { length } from "./time";

interface Bar {
  readonly number: number;
  readonly status: string;
  readonly duration?: number | null;
}

const WIDTH = 6;
const HEIGHT = 28;

/** The last builds as bars: height is duration, colour and mark are the status. */
@Component({
  selector: "alm-spark",
  template: `<svg [attr.width]="shown().width" [attr.height]="height" role="img" [attr.aria-label]="says()">
    @for (bar of shown().bars; track bar.number) {
      <g [attr.data-tone]="bar.tone">
        <title>{{ bar.title }}</title>
        <rect [attr.x]="bar.x" [attr.y]="height - bar.height" width="4" [attr.height]="bar.height" rx="1" />
        @if (bar.isBad) {
          <path [attr.d]="bar.cross" />
        }
      </g>
    }
  </svg>`,
})
export class Spark {
  readonly bars = input.required<readonly Bar[]>();
  protected readonly height = HEIGHT;

  protected readonly shown = computed(() => {
    const bars = [...this.bars()].sort((a, b) => a.number - b.number);
    const longest = Math.max(1, ...bars.map((bar) => bar.duration ?? 0));
    return {
      width: Math.max(1, bars.length) * WIDTH,
      bars: bars.map((bar, index) => {
        const { tone, word } = look(bar.status);
        const x = index * WIDTH;
        return {
          number: bar.number,
          tone,
          x,
          height: 4 + Math.round(((bar.duration ?? 0) / longest) * (HEIGHT - 10)),
          isBad: tone === "failed" || tone === "error",
          cross: `M${x} 1l4 4m0-4l-4 4`,
          title: `#${bar.number}: ${word}${bar.duration == null ? "" : `, ${length(bar.duration)}`}`,
        };
      }),
    };
  });

  protected readonly says = computed(() => {
    const bars = this.bars();
    const good = bars.filter((bar) => bar.status === "SUCCEEDED").length;
    return bars.length === 0 ? "No builds yet" : `${good} of the last ${bars.length} builds succeeded`;
  });
}

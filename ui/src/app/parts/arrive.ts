import { Directive, ElementRef, afterNextRender, inject } from "@angular/core";

/** Takes the focus when it appears: it stands in the place of what had it. */
@Directive({ selector: "[almArrive]", host: { tabindex: "-1" } })
export class Arrive {
  constructor() {
    const element: HTMLElement = inject(ElementRef).nativeElement;
    afterNextRender(() => element.focus());
  }
}

import { Injectable, inject } from "@angular/core";
import { Title } from "@angular/platform-browser";

import { look } from "../parts/status";

const COLOURS: Record<string, string> = {
  succeeded: "1a7f37",
  failed: "c4232b",
  running: "0b63ce",
  waiting: "8a5a00",
  warning: "9a4b00",
  error: "8a2f9e",
  idle: "57606a",
};

/** Title and icon of the browser's tab: what is shown, and how it stands. */
@Injectable({ providedIn: "root" })
export class Tab {
  private readonly title = inject(Title);

  /** A subject with a state: its mark stands before the name, and the icon has its shape and colour. */
  show(name: string, status: string): void {
    const { word, icon, tone } = look(status);
    this.title.setTitle(`${word}: ${name} · ALM`);
    const mark = `<path d='${icon}' fill='none' stroke='white' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'/>`;
    this.icon(`<circle cx='8' cy='8' r='8' fill='%23${COLOURS[tone]}'/><g transform='translate(2.4 2.4) scale(.7)'>${mark}</g>`);
  }

  /** No subject with a state any more. */
  plain(): void {
    this.icon("<rect x='1' y='1' width='14' height='14' rx='4' fill='%230b57b8'/><path d='M4 11l4-7 4 7' fill='none' stroke='white' stroke-width='1.8'/>");
  }

  private icon(content: string): void {
    const image = `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>${content}</svg>`;
    document.getElementById("favicon")?.setAttribute("href", image);
  }
}

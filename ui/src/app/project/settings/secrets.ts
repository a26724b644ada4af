import { Component, inject, input, output, signal } from "@angular/core";

import { RemoveSecretDocument, type ServiceSettingsBitsFragment, SetSecretDocument } from "../../api/operations";
import { Sending } from "../../core/send";
import { actorName } from "../../parts/actor";
import { confirmed } from "../../parts/confirm";
import { Dialogs } from "../../parts/dialog";
import { Control, Field } from "../../parts/field";
import { Ago } from "../../parts/time";

/** The secrets of a build service: their names are shown, their values only go in. */
@Component({
  selector: "alm-secrets",
  imports: [Ago, Control, Field],
  providers: [Sending],
  template: `
    <section class="card sheet" aria-labelledby="secrets">
      <h2 id="secrets">Secrets</h2>
      <p class="hint">Builds get them under these names, and they are taken out of logs. A value is never shown again, to anybody.</p>
      <ul class="plainlist">
        @for (secret of service().secrets; track secret.name) {
          <li class="row">
            <span class="grow"><code>{{ secret.name }}</code>&ngsp;<span class="hint">set by {{ by(secret.updatedBy) }}, <alm-ago [at]="secret.updatedAt" /></span></span>
            @if (!readOnly()) {
              <button type="button" class="quiet" [attr.aria-label]="'Set ' + secret.name + ' anew'" (click)="name.set(secret.name); value.focus()">Set anew</button>
              <button type="button" class="quiet" [disabled]="sending.busy()" [attr.aria-label]="'Remove ' + secret.name" (click)="remove(secret.name)">Remove</button>
            }
          </li>
        } @empty {
          <li class="hint">None yet.</li>
        }
      </ul>
      <form [hidden]="readOnly()" (submit)="set($event, value)">
        <alm-field label="Name of the secret" help="Such as NPM_TOKEN: A-Z, 0-9 and _, a letter first." [errors]="sending.at('secret/name')">
          <input almControl #typed required maxlength="63" autocomplete="off" spellcheck="false" [value]="name()" (input)="name.set(typed.value)" />
        </alm-field>
        <alm-field label="Value" help="At most 8 KiB." [errors]="sending.at('secret/value')">
          <textarea almControl #value class="masked" required rows="1" autocomplete="off" spellcheck="false"></textarea>
        </alm-field>
        @for (why of sending.at(); track $index) {
          <p role="alert" class="refused">{{ why }}</p>
        }
        @if (done(); as words) {
          <p class="note succeeded" role="status">✓ {{ words }}</p>
        }
        <button type="submit" [disabled]="sending.busy()">{{ sending.busy() ? "Saving…" : "Set secret" }}</button>
      </form>
    </section>
  `,
})
export class Secrets {
  private readonly dialogs = inject(Dialogs);
  protected readonly sending = inject(Sending);
  protected readonly by = actorName;

  readonly service = input.required<ServiceSettingsBitsFragment>();
  /** Why nothing can be changed; null where something can. */
  readonly readOnly = input<string | null>(null);
  readonly changed = output<ServiceSettingsBitsFragment>();

  protected readonly name = signal("");
  protected readonly done = signal<string | null>(null);

  protected async set(event: Event, field: HTMLTextAreaElement): Promise<void> {
    event.preventDefault();
    this.done.set(null);
    const name = this.name().trim();
    const input = { serviceId: this.service().id, secret: { name, value: field.value } };
    const told = await this.sending.send(SetSecretDocument, { input }, (data) => data.setSecret, ["secret/name", "secret/value"]);
    if (!told?.service) return;
    // The value stays nowhere in the page.
    field.value = "";
    this.name.set("");
    this.done.set(`${name} is set, for builds that start from now on.`);
    this.changed.emit(told.service);
  }

  protected remove(name: string): void {
    const words = "Builds that start from now on do not get it. Builds that have it keep it.";
    confirmed(this.dialogs, `Remove the secret ${name}?`, { words, verb: "Remove" }).subscribe(async (sure) => {
      if (!sure) return;
      const input = { serviceId: this.service().id, name };
      const told = await this.sending.send(RemoveSecretDocument, { input }, (data) => data.removeSecret);
      this.done.set(told ? `${name} is removed.` : null);
      if (told?.service) this.changed.emit(told.service);
    });
  }
}

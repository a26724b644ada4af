import { Component, computed, inject, input, linkedSignal, output, signal } from "@angular/core";

import { type ProjectSettingsQuery, type ServiceSettingsBitsFragment, UpdateBuildServiceDocument } from "../../api/operations";
import { Sending } from "../../core/send";

type Environments = NonNullable<ProjectSettingsQuery["project"]>["environments"];

/** The environments whose tokens the builds of a build service get. */
@Component({
  selector: "alm-used-environments",
  providers: [Sending],
  template: `
    <section class="card sheet" aria-labelledby="environments">
      <h2 id="environments">Environments</h2>
      <p class="hint">Builds get the tokens of these for whoever starts them; whoever lacks one is asked to connect it.</p>
      <form (submit)="save($event)">
        <fieldset [disabled]="readOnly()">
          <legend class="unseen">Environments of the builds</legend>
          <label class="tick">
            <input #every type="checkbox" [checked]="all()" (change)="all.set(every.checked)" />
            All of the project
          </label>
          @for (one of environments(); track one.id) {
            <label class="tick">
              <input #tick type="checkbox" [disabled]="all()" [checked]="all() || chosen().has(one.id)" (change)="choose(one.id, tick.checked)" />
              {{ one.displayName }} <span class="hint">{{ one.role === "BUILD" ? "builds run there" : "versions are brought there" }}</span>
            </label>
          }
        </fieldset>
        @for (why of problems(); track $index) {
          <p role="alert" class="refused">{{ why }}</p>
        }
        @if (saved() && !changed()) {
          <p class="note succeeded" role="status">✓ Saved: running builds keep what they started with.</p>
        }
        @if (!readOnly()) {
          <button type="submit" [disabled]="sending.busy() || !changed()">{{ sending.busy() ? "Saving…" : "Save" }}</button>
        }
      </form>
    </section>
  `,
})
export class UsedEnvironments {
  protected readonly sending = inject(Sending);

  readonly service = input.required<ServiceSettingsBitsFragment>();
  /** All of the project. */
  readonly environments = input.required<Environments>();
  readonly readOnly = input(false);
  readonly told = output<ServiceSettingsBitsFragment>();

  private readonly used = computed<ReadonlySet<string>>(() => new Set(this.service().environments.map(({ id }) => id)));
  private readonly usesAll = computed(() => this.environments().every(({ id }) => this.used().has(id)));
  protected readonly all = linkedSignal(() => this.usesAll());
  protected readonly chosen = linkedSignal(() => this.used());
  protected readonly saved = signal(false);
  protected readonly problems = computed(() => [...this.sending.at(), ...this.sending.at("environmentIds")]);
  protected readonly changed = computed(() => {
    if (this.all() || this.usesAll()) return this.all() !== this.usesAll();
    return this.chosen().size !== this.used().size || [...this.chosen()].some((id) => !this.used().has(id));
  });

  protected choose(id: string, isOn: boolean): void {
    this.chosen.update((chosen) => new Set(isOn ? [...chosen, id] : [...chosen].filter((one) => one !== id)));
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    const { id, revision } = this.service();
    const input = { serviceId: id, environmentIds: this.all() ? null : [...this.chosen()], expectedRevision: revision };
    const told = await this.sending.send(UpdateBuildServiceDocument, { input }, (data) => data.updateBuildService, ["environmentIds"]);
    this.saved.set(told !== null);
    if (told?.service) this.told.emit(told.service);
  }
}

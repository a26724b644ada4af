import { Component, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { Apollo } from "apollo-angular";

import {
  AddMemberDocument,
  ChangeMemberDocument,
  type MembersBitsFragment,
  MembersDocument,
  PeopleDocument,
  type PeopleQuery,
  type ProjectRole,
  RemoveMemberDocument,
} from "../../api/operations";
import { Reading } from "../../core/reading";
import { Sending } from "../../core/send";
import { confirmed } from "../../parts/confirm";
import { Dialogs } from "../../parts/dialog";
import { Control, Field } from "../../parts/field";
import { Ago } from "../../parts/time";
import { Trouble } from "../../parts/trouble";
import { Head } from "../head";

type Member = MembersBitsFragment["members"][number];

const ROLES: readonly { readonly role: ProjectRole; readonly name: string; readonly may: string }[] = [
  { role: "VIEWER", name: "Viewer", may: "sees everything, changes nothing" },
  { role: "DEVELOPER", name: "Developer", may: "starts and cancels builds, answers approvals, deploys, sets secrets" },
  { role: "OWNER", name: "Owner", may: "changes the project too: settings, build services, environments, members" },
];
const LAST = "The last owner stays: make somebody else an owner first.";

/** Who works in a project, and as what. */
@Component({
  selector: "alm-members",
  imports: [Ago, Control, Field, Trouble],
  providers: [Sending],
  templateUrl: "./members.html",
})
export class Members {
  private readonly apollo = inject(Apollo);
  private readonly dialogs = inject(Dialogs);
  protected readonly head = inject(Head);
  protected readonly sending = inject(Sending);
  protected readonly reading = new Reading();
  protected readonly roles = ROLES;
  protected readonly last = LAST;

  /** Its short name, from the address. */
  readonly project = input.required<string>();

  protected readonly shown = signal<MembersBitsFragment | null>(null);
  protected readonly people = signal<PeopleQuery["users"]>([]);
  protected readonly login = signal("");
  protected readonly done = signal<string | null>(null);
  protected readonly edit = computed(() => this.shown()?.actions.find((one) => one.action === "EDIT"));
  private readonly owners = computed(() => this.shown()?.members.filter((one) => one.role === "OWNER").length ?? 0);

  constructor() {
    this.head.named("Members");
    effect(() => {
      const slug = this.project();
      untracked(() => this.load(slug));
    });
  }

  private load(slug: string): void {
    this.reading.ask(MembersDocument, { slug }, "project", ({ project }) => this.shown.set(project ?? null));
  }

  protected isLast(member: Member): boolean {
    return member.role === "OWNER" && this.owners() === 1;
  }

  protected roleName(role: string): string {
    return ROLES.find((one) => one.role === role)?.name ?? role;
  }

  /** Suggests people while a login is typed. */
  protected typed(text: string): void {
    this.login.set(text);
    const search = text.trim();
    if (search.length < 2) return this.people.set([]);
    this.apollo.query({ query: PeopleDocument, variables: { search } }).subscribe({
      next: ({ data }) => {
        if (search === this.login().trim()) this.people.set(data?.users ?? []);
      },
      // Suggestions are a help, and no more: a login can be typed whole.
      error: () => this.people.set([]),
    });
  }

  protected async add(event: Event, role: string): Promise<void> {
    event.preventDefault();
    const [project, login] = [this.shown(), this.login().trim()];
    if (!project || !login) return;
    const input = { projectId: project.id, login, role: role as ProjectRole };
    const told = await this.sending.send(AddMemberDocument, { input }, (data) => data.addMember, ["login", "role"], (path) =>
      path[0] === "userId" ? ["login"] : path,
    );
    if (told) this.login.set("");
    this.told(told?.project, `${login} is a member now.`);
  }

  protected async change(member: Member, select: HTMLSelectElement): Promise<void> {
    const project = this.shown();
    if (!project) return;
    const input = { projectId: project.id, userId: member.user.id, role: select.value as ProjectRole };
    const told = await this.sending.send(ChangeMemberDocument, { input }, (data) => data.changeMember);
    if (!told) select.value = member.role;
    this.told(told?.project, `${member.user.displayName}: ${this.roleName(input.role)}.`);
  }

  protected remove(member: Member): void {
    const project = this.shown();
    if (!project) return;
    const words = `${member.user.displayName} no longer sees this project. Builds that they have started go on.`;
    confirmed(this.dialogs, `Remove ${member.user.displayName}?`, { words, verb: "Remove" }).subscribe(async (sure) => {
      if (!sure) return;
      const input = { projectId: project.id, userId: member.user.id };
      const told = await this.sending.send(RemoveMemberDocument, { input }, (data) => data.removeMember);
      this.told(told?.project, `${member.user.displayName} is no member any more.`);
    });
  }

  private told(project: MembersBitsFragment | null | undefined, words: string): void {
    this.done.set(project ? words : null);
    if (project) this.shown.set(project);
  }
}

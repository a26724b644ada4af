import { Component, DestroyRef, computed, effect, inject, input, signal, untracked } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router, RouterLink } from "@angular/router";
import { Subject, type Subscription, debounceTime } from "rxjs";

import { BoardDocument, BoardLiveDocument, type CellBitsFragment, type DeploymentBitsFragment } from "../../api/operations";
import { Connect } from "../../credentials/connect";
import { Connections } from "../../credentials/connections";
import { works } from "../../credentials/urgency";
import { Follow } from "../../core/follow";
import { Reading } from "../../core/reading";
import { Dialogs } from "../../parts/dialog";
import { Status, isOver } from "../../parts/status";
import { Ago } from "../../parts/time";
import { Trouble } from "../../parts/trouble";
import { Head } from "../head";
import { type BoardState, folded, moves, read, replaced } from "./board-state";
import { CancelDialog } from "./cancel-dialog";
import { Moving } from "./moving";
import { PromoteDialog, type Promotion } from "./promote-dialog";
import { RollBackDialog } from "./roll-back-dialog";

type Row = BoardState["rows"][number];

/** How long to wait for more of the same before the board is read again, in milliseconds. */
const GATHER = 250;

/** Which version is where: a row for each build service, a column for each target. */
@Component({
  selector: "alm-board",
  imports: [RouterLink, Status, Ago, Connect, Moving, Trouble],
  templateUrl: "./board.html",
})
export class Board {
  private readonly follow = inject(Follow);
  private readonly dialogs = inject(Dialogs);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly destroyed = inject(DestroyRef);
  private readonly connections = inject(Connections);
  protected readonly head = inject(Head);
  protected readonly reading = new Reading();
  private readonly again = new Subject<void>();
  private live: Subscription | undefined;

  /** Short name of the project, from the address. */
  readonly project = input.required<string>();
  /** The cell whose promotion is open, in the address: people come back to it when they have connected an account. */
  readonly promote = input<string>();

  protected readonly state = signal<BoardState | null>(null);
  protected readonly mayEdit = computed(() => this.head.project()?.actions.some((one) => one.action === "EDIT" && one.allowed) ?? false);
  /** Where the caller's own account is not connected. */
  protected readonly missing = computed(() =>
    (this.state()?.columns ?? []).flatMap((environment) => {
      const grant = this.connections.newest(environment.connection);
      return grant && !works(grant) ? [{ environment, grant }] : [];
    }),
  );

  constructor() {
    this.head.named("Environments");
    effect((clean) => {
      const slug = this.project();
      untracked(() => this.load(slug));
      clean(() => this.live?.unsubscribe());
    });
    // How far behind a cell is, what may be promoted and why not is the reader's own: no event can carry it for everybody.
    this.again.pipe(debounceTime(GATHER), takeUntilDestroyed(this.destroyed)).subscribe(() => {
      this.reading.ask(BoardDocument, { slug: this.project() }, "project", ({ project }) => {
        if (project) this.state.update((known) => read(project.board, known));
      });
    });
  }

  private load(slug: string): void {
    this.reading.ask(BoardDocument, { slug }, "project", ({ project }) => {
      if (!project) return;
      this.state.set(read(project.board));
      this.listen(project.id);
      this.reopen();
    });
  }

  protected column(cell: CellBitsFragment) {
    return this.state()?.columns.find((column) => column.id === cell.environment.id);
  }

  protected openPromotion(row: Row, cell: CellBitsFragment): void {
    const columns = this.state()?.columns ?? [];
    const at = columns.findIndex((column) => column.id === cell.environment.id);
    const environment = columns[at];
    if (!environment || !cell.candidate) return;
    const before = environment.protection.inOrder ? (columns[at - 1] ?? null) : null;
    const data: Promotion = { service: row.service, cell, candidate: cell.candidate, environment, before };
    const title = `Promote ${row.service.displayName} to ${environment.displayName}`;
    this.dialogs
      .open<readonly CellBitsFragment[], Promotion, PromoteDialog>(PromoteDialog, title, data)
      .subscribe((cells) => this.changed(cells));
  }

  protected openRollBack(row: Row, deployment: DeploymentBitsFragment): void {
    const title = `Roll back ${row.service.displayName} in ${deployment.environment.displayName}`;
    this.dialogs
      .open<readonly CellBitsFragment[], DeploymentBitsFragment, RollBackDialog>(RollBackDialog, title, deployment)
      .subscribe((cells) => this.changed(cells));
  }

  protected openCancel(deployment: DeploymentBitsFragment): void {
    const title = `Stop bringing ${deployment.version} to ${deployment.environment.displayName}`;
    this.dialogs.open<void, DeploymentBitsFragment, CancelDialog>(CancelDialog, title, deployment).subscribe();
  }

  protected may(deployment: DeploymentBitsFragment, action: string) {
    return deployment.actions.find((one) => one.action === action);
  }

  private changed(cells: readonly CellBitsFragment[] | undefined): void {
    if (cells) this.state.update((state) => state && replaced(state, cells));
  }

  /** Opens the promotion that the address names, once. */
  private reopen(): void {
    const key = this.promote();
    if (!key) return;
    void this.router.navigate([], { relativeTo: this.route, queryParams: { promote: null }, replaceUrl: true });
    const row = this.state()?.rows.find((one) => one.cells.some((cell) => cell.key === key));
    const cell = row?.cells.find((one) => one.key === key);
    if (row && cell?.promote.allowed) this.openPromotion(row, cell);
  }

  private listen(id: string): void {
    this.live?.unsubscribe();
    this.live = this.follow
      .events(BoardLiveDocument, { id }, (data) => data.projectUpdates)
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({
        next: (event) => {
          const state = this.state();
          if (event.__typename === "ProjectChanged" || event.__typename === "ProjectSnapshot") this.head.told(event.project);
          if (!state) return;
          this.state.set(folded(state, event));
          if (moves(state, event, isOver)) this.again.next();
        },
        error: (error: unknown) => this.reading.failed(error, () => this.load(this.project())),
      });
  }
}

/**
 * The editor: the project, what is selected, what is wrong with it, and the way back. All changes go
 * through `edit`, which records the difference; listeners (training, autosave) get that difference by a
 * direct call, the window follows through Svelte's signals. What needs eyes (sizes, the visible part, the
 * automatic layout) is asked of the view that the canvas attaches.
 */
import { type Checked, check, connectFault } from '../../engine/compile/check';
import { apply, between, changesModel, type Diff, isEmpty } from '../../engine/graph/diff';
import type { Place } from '../../engine/graph/diagnostics';
import * as edits from '../../engine/graph/edits';
import type { NumberEdit } from '../../engine/graph/number-edits';
import type { AttrValue, EdgeId, Node, NodeId } from '../../engine/graph/graph';
import { lockRefusal } from '../../engine/graph/lock';
import { emptyProject, type Lock, type Point, type Project } from '../../engine/graph/project';
import { completeAttrs } from '../../engine/ops/attrs';
import { learn, opOf } from '../../engine/ops/index';
import type { DatasetInfo } from '../../engine/data/dataset';
import { type OwnDraft, ownFault, replacementFor } from '../../engine/compile/make-own';
import { addOwn, deleteOwn, fitted, openOwn, putOwn, renameOwn, usesOfOwn } from '../../engine/graph/own-edits';
import { ownCalled, ownNameFault } from '../../engine/graph/own-operation';
import { fragmentText, parseFragment } from './clipboard';
import { boxAround, overlap } from './gestures';
import { Stroke, strokeNow } from '../ui/stroke';
import { emptyHistory, type History, record, redo, undo } from './history';
import { type Lens, lensOf, type Looking, ownerOfPart, partOf, type PartName, plainly } from './lens';
import { nameFor } from './naming';

/** What the canvas knows and the editor needs. */
export interface View {
  /** Middle of what is visible, in the drawing's coordinates. */
  center(): Point;
  sizeOf(id: NodeId): edits.Size;
  /** New positions for these nodes (all when empty). */
  layout(ids: readonly NodeId[]): Readonly<Record<NodeId, Point>>;
  reveal(ids: readonly string[]): void;
}

export type ChangeListener = (diff: Diff, project: Project) => void;

const plural = (count: number, one: string): string => (count === 1 ? one : `${count} ${one}s`);

export class Editor {
  #project: Project = $state.raw(emptyProject);
  #selection: ReadonlySet<string> = $state.raw(new Set());
  #history: History = $state.raw(emptyHistory);
  #saved: Project = $state.raw(emptyProject);
  #revision = $state(0);
  #listeners = new Set<ChangeListener>();
  #view: View | null = null;
  #pastes = 0;
  readonly #nudges = new Stroke();
  #nudged = '';

  /** How closely the drawing is looked at. No part of the project, so neither saved nor undone. */
  looking: Looking = $state.raw(plainly);
  /** Told why an edit was not made. */
  onRefused: (reason: string) => void = () => {};

  /** Facts of the data that training uses; the drawing is checked against them. */
  data: DatasetInfo | null = $state.raw(null);

  // Positions are not looked at by the check: a drag must not run it sixty times a second.
  #nodes = $derived(this.#project.nodes);
  #edges = $derived(this.#project.edges);
  #settings = $derived(this.#project.settings);
  readonly checked: Checked = $derived.by(() =>
    check({ nodes: this.#nodes, edges: this.#edges, settings: this.#settings, positions: {} }, this.data),
  );
  readonly dirty: boolean = $derived(this.#project !== this.#saved);

  get project(): Project {
    return this.#project;
  }
  get selection(): ReadonlySet<string> {
    return this.#selection;
  }
  /** Grows with each change of what is computed. */
  get revision(): number {
    return this.#revision;
  }
  get canUndo(): boolean {
    return this.#history.past.length > 0;
  }
  get canRedo(): boolean {
    return this.#history.future.length > 0;
  }
  get undoLabel(): string | null {
    return this.#history.past.at(-1)?.label ?? null;
  }
  get redoLabel(): string | null {
    return this.#history.future[0]?.label ?? null;
  }
  get selectedNodes(): readonly NodeId[] {
    return [...this.#selection].filter((id) => Object.hasOwn(this.#project.nodes, id));
  }
  get selectedEdges(): readonly EdgeId[] {
    return [...this.#selection].filter((id) => Object.hasOwn(this.#project.edges, id));
  }

  /** The selected thing when it is a part that is seen through a lens. */
  get selectedPart(): PartName | null {
    const [id] = this.#selection;
    return this.#selection.size === 1 && id !== undefined && !this.#isDrawn(id) ? partOf(id) : null;
  }

  #isDrawn(id: string): boolean {
    return Object.hasOwn(this.#project.nodes, id) || Object.hasOwn(this.#project.edges, id);
  }

  /** Nodes, edges, and what is seen of a node through its lens. */
  #isSelectable(id: string): boolean {
    return this.#isDrawn(id) || ownerOfPart(id, (name) => Object.hasOwn(this.#project.nodes, name)) !== null;
  }

  // Looking -----------------------------------------------------------------------------------------

  /** Through another lens: the whole drawing, or only some nodes of it. */
  lookThrough(lens: Lens, ids: readonly NodeId[] = []): void {
    const { own, first } = this.looking;
    this.looking =
      ids.length === 0
        ? { whole: lens, own: new Map(), first }
        : { ...this.looking, own: new Map([...own, ...ids.map((id) => [id, lens] as const)]) };
    const kept = [...this.#selection].map((id) => ownerOfPart(id, (name) => Object.hasOwn(this.#project.nodes, name)) ?? id);
    this.select(kept);
  }

  /** What a table or the drawing points at, so that the other lights up: a weight, a part, a node. */
  pointed: string | null = $state.raw(null);

  point(id: string | null): void {
    this.pointed = id;
  }

  lensOf(id: NodeId): Lens {
    return lensOf(this.looking, id);
  }

  /** The neurons of a wide layer that are drawn begin here. */
  showFrom(id: NodeId, first: number): void {
    this.looking = { ...this.looking, first: new Map(this.looking.first).set(id, Math.max(0, first)) };
  }

  // Changes -----------------------------------------------------------------------------------------

  /**
   * One undo step, with the trained numbers that change by it; edits with the same `gesture` in a row, or in
   * one stroke of a control, are one step together. False: nothing came of it, for a lock forbids it or all is as before.
   */
  edit(
    label: string,
    change: (project: Project) => Project,
    gesture = strokeNow(),
    numbers: readonly NumberEdit[] = [],
  ): boolean {
    const before = this.#project;
    const after = change(before);
    if ((after === before && numbers.length === 0) || this.#refuses(after, numbers.length > 0)) return false;
    const diff: Diff = { ...between(before, after), ...(numbers.length > 0 && { numbers }) };
    if (isEmpty(diff)) return false;
    this.#history = record(this.#history, { label, diff, ...(gesture !== undefined && { gesture }) });
    this.#become(after, diff);
    return true;
  }

  /** Trained numbers alone: a weight that is typed. */
  editNumbers(label: string, numbers: readonly NumberEdit[], gesture = strokeNow()): boolean {
    return this.edit(label, (project) => project, gesture, numbers);
  }

  undo(): void {
    this.#travel(undo(this.#history));
  }

  redo(): void {
    this.#travel(redo(this.#history));
  }

  #travel(step: ReturnType<typeof undo>): void {
    if (!step) return;
    const after = apply(this.#project, step.diff);
    if (this.#refuses(after, step.diff.numbers !== undefined)) return;
    this.#history = step.history;
    this.#become(this.#orSaved(after), step.diff);
  }

  #refuses(after: Project, changesNumbers: boolean): boolean {
    const reason = lockRefusal(this.#project, after, changesNumbers);
    if (reason !== null) this.onRefused(reason);
    return reason !== null;
  }

  get lock(): Lock | null {
    return this.#settings.lock ?? null;
  }

  /** Locks the project, or opens it. No step of undo: what came before cannot be reached through a lock. */
  setLock(lock: Lock | null): void {
    const { lock: _, ...open } = this.#project.settings;
    const after = { ...this.#project, settings: lock === null ? open : { ...open, lock } };
    const diff = between(this.#project, after);
    if (isEmpty(diff)) return;
    this.#history = emptyHistory;
    this.#become(this.#orSaved(after), diff);
  }

  /** Going back to what was saved is not a change. */
  #orSaved(project: Project): Project {
    return isEmpty(between(this.#saved, project)) ? this.#saved : project;
  }

  /** Another project, with a fresh history. */
  load(project: Project): void {
    const diff = between(this.#project, project);
    this.#history = emptyHistory;
    this.#selection = new Set();
    this.looking = plainly;
    this.#saved = project;
    this.#become(project, diff);
  }

  markSaved(): void {
    this.#saved = this.#project;
  }

  /** The project counts as changed since it was saved: recovered work. */
  markDirty(): void {
    this.#saved = emptyProject;
  }

  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #become(project: Project, diff: Diff): void {
    learn(project.composites);
    this.#project = project;
    if (changesModel(diff)) this.#revision++;
    if (diff.nodes?.keys || diff.edges?.keys) {
      const kept = [...this.#selection].filter((id) => this.#isSelectable(id));
      if (kept.length !== this.#selection.size) this.#selection = new Set(kept);
    }
    for (const listener of this.#listeners) listener(diff, project);
  }

  // Selection ---------------------------------------------------------------------------------------

  select(ids: Iterable<string>): void {
    const next = new Set([...ids].filter((id) => this.#isSelectable(id)));
    const now = this.#selection;
    if (next.size === now.size && [...next].every((id) => now.has(id))) return;
    this.#selection = next;
  }

  selectAll(): void {
    this.select([...Object.keys(this.#project.nodes), ...Object.keys(this.#project.edges)]);
  }

  /** Selects the place and brings it into view. Ids of parts (`fc/weight`) mean the node they belong to. */
  reveal(place: Place): void {
    const ids = [place.edge, place.node]
      .filter((id) => id !== undefined)
      .map((id) => this.#drawn(id))
      .filter((id) => id !== null);
    if (ids.length === 0) return;
    const id = ids[0]!;
    this.select([id]);
    this.#view?.reveal([id]);
  }

  #drawn(id: string): string | null {
    if (Object.hasOwn(this.#project.nodes, id) || Object.hasOwn(this.#project.edges, id)) return id;
    const cut = id.lastIndexOf('/');
    return cut < 0 ? null : this.#drawn(id.slice(0, cut));
  }

  /** The canvas lends its eyes while it is there. */
  attach(view: View): () => void {
    this.#view = view;
    return () => {
      if (this.#view === view) this.#view = null;
    };
  }

  #sizeOf = (id: NodeId): edits.Size => this.#view?.sizeOf(id) ?? { width: 150, height: 60 };

  // Actions: each works on the selection and is one undo step ----------------------------------------

  /** Adds a node, in the middle of the view unless told where, selects it and returns its id. */
  addOp(name: string, at?: Point, attrs: Readonly<Record<string, AttrValue>> = {}): NodeId | null {
    const op = opOf(name);
    if (!op) return null;
    const id = nameFor(this.#project.nodes, op);
    const fitted: Record<string, AttrValue> = { ...attrs };
    if (op.kind === 'source' && this.data && fitted['shape'] === undefined) {
      if (op.role === 'input' && this.data.features.length > 0) fitted['shape'] = [this.data.features.length];
      if (op.role === 'target' && this.data.targets.length > 0) fitted['shape'] = [this.data.targets.length];
    }
    const where = at ?? this.#freeSpot(this.#view?.center() ?? { x: 0, y: 0 });
    const node = { id, op: name, attrs: completeAttrs(op, fitted) };
    this.edit(
      `Add ${op.title.toLowerCase()}`,
      edits.addNode(node, { x: Math.round(where.x / 10) * 10, y: Math.round(where.y / 10) * 10 }),
    );
    this.select([id]);
    return id;
  }

  /** Near the wish, where no node stands yet. */
  #freeSpot(wish: Point): Point {
    const boxes = Object.entries(this.#project.positions).map(([id, at]) => {
      const { width, height } = this.#sizeOf(id);
      return boxAround(at, width + 20, height + 20);
    });
    for (let ring = 0; ring < 40; ring++) {
      const at = { x: wish.x + ring * 30, y: wish.y + ring * 30 };
      const box = boxAround(at, 130, 50);
      if (!boxes.some((other) => overlap(box, other))) return at;
    }
    return wish;
  }

  /** A node in the middle of an edge. False when the node has no input or output to join. */
  addOpOnEdge(name: string, edge: EdgeId, at: Point): NodeId | null {
    const op = opOf(name);
    const port = op?.ports(completeAttrs(op, {}))[0]?.name;
    if (!op || !Object.hasOwn(this.#project.edges, edge)) return null;
    if (port === undefined) return this.addOp(name, at);
    const id = nameFor(this.#project.nodes, op);
    const node = { id, op: name, attrs: completeAttrs(op, {}) };
    this.edit(`Insert ${op.title.toLowerCase()}`, edits.inTurn(edits.addNode(node, at), edits.insertOnEdge(edge, id, port)));
    this.select([id]);
    return id;
  }

  /** Draws a connection, unless there is a reason not to, which it returns. */
  connect(from: NodeId, to: NodeId, port: string): string | null {
    const fault = connectFault(this.#project, from, to, port);
    if (fault !== null) return fault;
    const refusal = lockRefusal(this.#project, edits.connect(from, to, port)(this.#project));
    if (refusal !== null) return refusal;
    this.edit('Connect', edits.connect(from, to, port));
    return null;
  }

  rename(id: NodeId, name: string): string | null {
    const fault = edits.nameFault(this.#project, id, name);
    if (fault !== null) return fault;
    const wasSelected = this.#selection.has(id);
    this.edit('Rename', edits.rename(id, name));
    if (wasSelected) this.select([...this.#selection, name]);
    return null;
  }

  /** Sets an attribute; connections to inputs that the node loses by it go with it. */
  setAttr(id: NodeId, name: string, value: AttrValue): void {
    const node = this.#project.nodes[id];
    const op = node && opOf(node.op);
    if (!node || !op) return;
    const ports = op.ports(completeAttrs(op, { ...node.attrs, [name]: value })).map((port) => port.name);
    const title = op.attrs[name]?.title ?? name;
    this.edit(`Change ${title.toLowerCase()}`, edits.inTurn(edits.setAttr(id, name, value), edits.keepPorts(id, ports)));
  }

  deleteSelection(): void {
    const [nodes, wires] = [this.selectedNodes.length, this.selectedEdges.length];
    if (nodes + wires === 0) return;
    this.edit(`Delete ${nodes > 0 ? plural(nodes, 'node') : plural(wires, 'connection')}`, edits.remove(this.#selection));
  }

  /** Takes nodes out of the way of the data: what fed each is joined with what it fed. */
  deleteAndJoin(): void {
    const ids = this.selectedNodes;
    if (ids.length === 0) return;
    const firstPort = (node: Node): string | undefined => {
      const op = opOf(node.op);
      return op?.ports(completeAttrs(op, node.attrs))[0]?.name;
    };
    this.edit(`Delete ${plural(ids.length, 'node')} and join`, edits.removeAndHeal(ids, firstPort));
  }

  /** Another name for a group of nodes. */
  renameGroup(from: string, to: string): void {
    this.edit('Rename group', edits.renameGroup(from, to));
  }

  duplicateSelection(): void {
    const ids = this.selectedNodes;
    if (ids.length === 0) return;
    const names = edits.namesForPaste(this.#project, edits.fragmentOf(this.#project, ids));
    this.edit(`Duplicate ${plural(ids.length, 'node')}`, edits.duplicate(ids, names, 30, 40));
    this.select(names.values());
  }

  /** The selection as text for the clipboard; '' when no node is selected. */
  copy(): string {
    const ids = this.selectedNodes;
    if (ids.length === 0) return '';
    if (this.lock?.answers) {
      this.onRefused('The teacher has hidden the answers of this drawing, so it is not copied to where they would show.');
      return '';
    }
    this.#pastes = 0;
    return fragmentText(edits.fragmentOf(this.#project, ids));
  }

  cut(): string {
    const text = this.copy();
    if (text === '') return '';
    const ids = this.selectedNodes;
    this.edit(`Cut ${plural(ids.length, 'node')}`, edits.remove(ids));
    return text;
  }

  /** Draws what a clipboard text holds, around `at` or beside where it came from. False: it holds no drawing. */
  paste(text: string, at?: Point): boolean {
    const parsed = parseFragment(text);
    if (!parsed) return false;
    const fragment = fitted(parsed, this.#project);
    const names = edits.namesForPaste(this.#project, fragment);
    const points = Object.values(fragment.positions);
    const middle = {
      x: (Math.min(...points.map((p) => p.x)) + Math.max(...points.map((p) => p.x))) / 2,
      y: (Math.min(...points.map((p) => p.y)) + Math.max(...points.map((p) => p.y))) / 2,
    };
    this.#pastes++;
    const [dx, dy] = at
      ? [Math.round((at.x - middle.x) / 10) * 10, Math.round((at.y - middle.y) / 10) * 10]
      : [this.#pastes * 30, this.#pastes * 40];
    const draw = edits.paste(fragment, names, dx, dy);
    this.edit(`Paste ${plural(fragment.nodes.length, 'node')}`, edits.inTurn(addOwn(fragment.composites ?? {}), draw));
    this.select(names.values());
    if (!at) this.#view?.reveal([...names.values()]);
    return true;
  }

  group(): void {
    const ids = this.selectedNodes;
    if (ids.length === 0) return;
    this.edit('Group', edits.group(ids, edits.freshGroup(this.#project)));
  }

  ungroup(): void {
    const ids = this.selectedNodes;
    // Ungrouping one member dissolves its whole group: a group of the rest would surprise.
    const groups = new Set(ids.map((id) => this.#project.nodes[id]?.group).filter((g) => g !== undefined));
    const members = Object.values(this.#project.nodes).filter((node) => node.group !== undefined && groups.has(node.group));
    this.edit('Ungroup', edits.ungroup(members.map((node) => node.id)));
  }

  align(how: edits.Alignment): void {
    this.edit(how.startsWith('distribute') ? 'Distribute' : 'Align', edits.align(this.selectedNodes, how, this.#sizeOf));
  }

  /** A composite becomes its parts. */
  open(id: NodeId): void {
    const node = this.#project.nodes[id];
    if (!node || opOf(node.op)?.kind !== 'composite') return;
    if (this.isOwn(id)) {
      const own = this.#project.composites![node.op]!;
      this.edit(`Open ${id}`, openOwn(id));
      const inside = Object.keys(own.nodes).map((part) => `${id}/${part}`);
      this.select(inside);
      this.#view?.reveal(inside);
      return;
    }
    const { expansion } = this.checked;
    const parts = [...expansion.owner].filter(([part, owner]) => owner === id && part !== id).map(([part]) => part);
    this.edit(`Open ${id}`, edits.explode(id, expansion));
    this.select(parts);
    this.#view?.reveal(parts);
  }

  /** Whether `open` would do something: an operation of one's own, or a layer whose inputs are complete. */
  canOpen(id: NodeId): boolean {
    const node = this.#project.nodes[id];
    return node !== undefined && opOf(node.op)?.kind === 'composite' && (this.isOwn(id) || this.checked.shapes.has(id));
  }

  /** Whether a node is an operation of one's own. */
  isOwn(id: NodeId): boolean {
    return Object.hasOwn(this.#project.composites ?? {}, this.#project.nodes[id]?.op ?? '');
  }

  // Operations of one's own ---------------------------------------------------------------------------

  /** The selection, or an older draft of it, becomes one node of a new operation. Returns what stands in the way. */
  makeOwn(draft: OwnDraft, name: string, inputs: readonly string[]): string | null {
    const fault = ownFault(this.#project, draft, name, inputs);
    if (fault !== null) return fault;
    const replacement = replacementFor(this.#project, draft, name, inputs);
    const change = putOwn(replacement);
    const refusal = lockRefusal(this.#project, change(this.#project));
    if (refusal !== null) return refusal;
    this.edit(`Make ${replacement.own.name}`, change);
    this.select([replacement.node]);
    return null;
  }

  renameOwn(op: string, name: string): string | null {
    const all = this.#project.composites ?? {};
    const other = ownCalled(name, all);
    const fault =
      ownNameFault(name) ??
      (other !== undefined && other !== op
        ? `There is already an operation called '${all[other]!.name}'. Choose another name.`
        : null);
    if (fault !== null) return fault;
    const refusal = lockRefusal(this.#project, renameOwn(op, name)(this.#project));
    if (refusal === null) this.edit('Rename operation', renameOwn(op, name));
    return refusal;
  }

  /** Returns who still uses it, as a sentence; null when it is gone. */
  deleteOwn(op: string): string | null {
    const own = this.#project.composites?.[op];
    if (!own) return null;
    const { nodes, inside } = usesOfOwn(this.#project, op);
    const users = [
      ...nodes.map((id) => `'${this.#project.nodes[id]!.label ?? id}'`),
      ...inside.map((name) => `the operation '${name}'`),
    ];
    if (users.length > 0)
      return `'${own.name}' is used by ${users.slice(0, 4).join(', ')}${users.length > 4 ? ` and ${users.length - 4} more` : ''}. ${users.length === 1 ? 'Delete it first, or open it into parts.' : 'Delete these first, or open them into parts.'}`;
    const refusal = lockRefusal(this.#project, deleteOwn(op)(this.#project));
    if (refusal === null) this.edit(`Delete ${own.name}`, deleteOwn(op));
    return refusal;
  }

  /** Automatic layout: of the selection when it has several nodes, else of all. */
  layout(): void {
    const ids = this.selectedNodes.length > 1 ? this.selectedNodes : [];
    const positions = this.#view?.layout(ids);
    if (positions) this.edit('Lay out', edits.place(positions));
  }

  /** Moves the selection; by keys, so that several in a row are one step. */
  nudge(dx: number, dy: number): void {
    const ids = this.selectedNodes.join(' ');
    if (ids !== this.#nudged) this.#nudges.end();
    this.#nudged = ids;
    this.#nudges.run(() => this.edit('Move', edits.move(this.selectedNodes, dx, dy)));
  }
}

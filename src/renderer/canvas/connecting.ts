/**
 * Drawing a connection: pulled by the pointer from a node's handle or from an edge's end, or chosen by
 * keys among all inputs that would take it. Why an input does not is asked of the check once a gesture.
 */
import { connectFault } from '../../engine/compile/check';
import * as edits from '../../engine/graph/edits';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import { hitNode, nearestPort, NOWHERE } from './geometry';
import type { Host } from './host';

/** A connection that follows the pointer. */
export interface Pull {
  readonly from: NodeId;
  /** The edge that is being put elsewhere. */
  readonly detached: EdgeId | null;
  target: NodeId | null;
  port: string | null;
  fault: string | null;
  moved: boolean;
}

/** A connection that arrow keys look for. */
export interface Choice {
  readonly from: NodeId;
  readonly choices: readonly { readonly node: NodeId; readonly port: string }[];
  at: number;
}

export class Connecting {
  #faults = new Map<string, string | null>();

  constructor(readonly host: Host) {}

  pull(from: NodeId, detached: EdgeId | null): Pull {
    this.#faults.clear();
    return { from, detached, target: null, port: null, fault: null, moved: false };
  }

  /** The project that faults are asked of: without the connection that is being picked up. */
  #projectFor(detached: EdgeId | null): Project {
    const { project } = this.host.editor;
    return detached === null ? project : edits.remove([detached])(project);
  }

  #faultOf(from: NodeId, detached: EdgeId | null, to: NodeId, port: string): string | null {
    const key = `${to}.${port}`;
    const known = this.#faults.get(key);
    if (known !== undefined) return known;
    const fault = connectFault(this.#projectFor(detached), from, to, port);
    this.#faults.set(key, fault);
    return fault;
  }

  /** Finds what a pull to this point would connect, and what speaks against it. */
  aim(pull: Pull, p: Point): void {
    const { stage } = this.host;
    const v = hitNode(stage.scene, stage.positions, p, 14 / stage.camera.zoom);
    pull.target = null;
    pull.port = null;
    pull.fault = null;
    if (!v || (v.id === pull.from && !pull.moved)) return;
    const position = stage.positions[v.id] ?? NOWHERE;
    if (v.id === pull.from) {
      const out = { x: position.x + v.out.dx, y: position.y + v.out.dy };
      // Near the handle the drag has only begun.
      if (Math.hypot(out.x - p.x, out.y - p.y) < 30) return;
    }
    pull.target = v.id;
    if (v.ports.length === 0) {
      pull.fault = connectFault(this.#projectFor(pull.detached), pull.from, v.id, '');
      return;
    }
    const faults = new Map(v.ports.map((port) => [port.name, this.#faultOf(pull.from, pull.detached, v.id, port.name)]));
    const nearest = nearestPort(v, position, p)!;
    const away = Math.hypot(position.x + nearest.dx - p.x, position.y + nearest.dy - p.y);
    // Somewhere on the node means any port that will do; right at a port means that one.
    const open = v.ports.filter((port) => faults.get(port.name) === null);
    const best =
      faults.get(nearest.name) === null || away < 10 || open.length === 0
        ? nearest
        : nearestPort({ ...v, ports: open }, position, p)!;
    pull.port = best.name;
    pull.fault = faults.get(best.name) ?? null;
  }

  show(pull: Pull, p: Point): void {
    const { stage } = this.host;
    const target = pull.target === null ? null : stage.scene.nodes.get(pull.target);
    const ports = new Map(
      (target?.ports ?? []).map((port) => [port.name, this.#faultOf(pull.from, pull.detached, target!.id, port.name) === null]),
    );
    stage.feedback = {
      ...stage.feedback,
      connecting: { from: pull.from, to: p, target: pull.target, ports, port: pull.port },
    };
  }

  finish(pull: Pull, p: Point): void {
    const { stage, editor } = this.host;
    stage.feedback = { ...stage.feedback, connecting: null };
    const { from, detached, target, port, fault } = pull;
    if (!pull.moved) {
      editor.select(detached === null ? [from] : [detached]);
      return;
    }
    if (target !== null && port !== null && fault === null) {
      const drawn = `${target}.${port}`;
      if (detached === drawn) return;
      editor.edit(detached === null ? 'Connect' : 'Reconnect', (project) =>
        edits.connect(from, target, port)(detached === null ? project : edits.remove([detached])(project)),
      );
      this.host.announce(`Connected ${from} to ${target}, input ${port}`);
      return;
    }
    if (fault !== null) {
      this.host.announce(fault);
      return;
    }
    if (target !== null) return;
    if (detached !== null) editor.edit('Disconnect', edits.remove([detached]));
    else this.host.quickAdd(p, { from });
  }

  /** What the selected node's output could feed, nearest first; null, with a word on why, where there is nothing. */
  choices(): Choice | null {
    const { editor, stage } = this.host;
    const [from] = editor.selectedNodes;
    if (from === undefined || editor.selectedNodes.length !== 1) {
      this.host.announce('Select one node first, then press C to connect its output.');
      return null;
    }
    this.#faults.clear();
    const here = stage.positions[from] ?? NOWHERE;
    const choices: { node: NodeId; port: string; away: number }[] = [];
    let firstFault: string | null = null;
    for (const v of stage.scene.nodes.values()) {
      if (v.id === from) continue;
      const p = stage.positions[v.id] ?? NOWHERE;
      // What stands to the right comes first: that is where data flows.
      const away = Math.hypot(p.x - here.x, p.y - here.y) + (p.x < here.x ? 2000 : 0);
      for (const port of v.ports) {
        const fault = this.#faultOf(from, null, v.id, port.name);
        if (fault === null) choices.push({ node: v.id, port: port.name, away });
        else firstFault ??= fault;
      }
    }
    if (choices.length === 0) {
      this.host.announce(`Nothing here takes the output of ${from}. ${firstFault ?? 'Add a node first.'}`);
      return null;
    }
    choices.sort((a, b) => a.away - b.away);
    const choice: Choice = { from, choices, at: 0 };
    this.#showChoice(choice);
    return choice;
  }

  #showChoice(choice: Choice): void {
    const { stage } = this.host;
    const { node, port } = choice.choices[choice.at]!;
    stage.feedback = {
      ...stage.feedback,
      connecting: { from: choice.from, to: stage.positions[node] ?? NOWHERE, target: node, ports: new Map([[port, true]]), port },
    };
    stage.reveal([node], true);
    this.host.announce(
      `Connect ${choice.from} to ${node}, input ${port}: ${choice.at + 1} of ${choice.choices.length}. Arrows choose, Enter connects, Escape cancels.`,
    );
  }

  /** To another choice, so many further on. */
  turn(choice: Choice, by: number): void {
    choice.at = (choice.at + by + choice.choices.length) % choice.choices.length;
    this.#showChoice(choice);
  }

  take(choice: Choice): void {
    const { editor, stage } = this.host;
    const { node, port } = choice.choices[choice.at]!;
    stage.feedback = { ...stage.feedback, connecting: null };
    const fault = editor.connect(choice.from, node, port);
    this.host.announce(fault ?? `Connected ${choice.from} to ${node}, input ${port}`);
  }
}

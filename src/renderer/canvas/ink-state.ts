/**
 * What the ink is told when it draws: the scene and where things are, what is selected, and what a gesture
 * shows while it lasts.
 */
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import type { Box, Guide } from '../editor/gestures';
import type { Camera } from './cytoscape';
import type { Scene } from './scene';
import type { Theme } from './theme';

/** What a gesture shows on top of the drawing. */
export interface Feedback {
  readonly guides: readonly Guide[];
  readonly box: Box | null;
  readonly connecting: {
    readonly from: NodeId;
    readonly to: Point;
    /** Ports of the node under the pointer: whether each may be connected. */
    readonly target: NodeId | null;
    readonly ports: ReadonlyMap<string, boolean>;
    readonly port: string | null;
  } | null;
  /** An edge that a dropped node would be inserted on. */
  readonly dropEdge: EdgeId | null;
  readonly hover: NodeId | null;
  readonly hoverUnit: { readonly node: NodeId; readonly index: number } | null;
  /** A part that a table points at. */
  readonly pointed: NodeId | null;
  /** Keyboard focus. */
  readonly focused: NodeId | null;
  /** Where the stepper stands: a node, or the parts that show it. */
  readonly stepping: readonly NodeId[];
}

export const noFeedback: Feedback = {
  guides: [],
  box: null,
  connecting: null,
  dropEdge: null,
  hover: null,
  hoverUnit: null,
  pointed: null,
  focused: null,
  stepping: [],
};

export interface InkState {
  readonly scene: Scene;
  readonly positions: Project['positions'];
  readonly camera: Camera;
  readonly theme: Theme;
  readonly selection: ReadonlySet<string>;
  readonly feedback: Feedback;
  /** Neurons are filled by live numbers underneath, so only their rims are drawn. */
  readonly live: boolean;
  /** Edges that the overlay writes a live number on, in place of the shape. */
  readonly figured: (edge: EdgeId) => boolean;
}

/** What a menu lists. Plain values, so that menus are built from the command list as well as by hand. */
import type { Component } from 'svelte';

export type MenuEntry =
  | { readonly kind: 'line' }
  | { readonly kind: 'heading'; readonly title: string }
  | { readonly kind: 'more'; readonly title: string; readonly entries: readonly MenuEntry[] }
  | {
      readonly kind: 'item';
      readonly title: string;
      readonly about?: string | undefined;
      readonly keys?: string | undefined;
      readonly icon?: Component<{ size?: number }> | undefined;
      readonly checked?: boolean;
      readonly disabled?: boolean;
      readonly run: () => void;
    };

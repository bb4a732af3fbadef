/** Short news at the edge of the window. The only file that knows the toast library besides its mount. */
import { toast } from 'svelte-sonner';

export interface News {
  readonly kind: 'error' | 'info' | 'success';
  readonly title: string;
  readonly text?: string;
}

/** What was said of another state of things is not true any more. */
export const clearNews = (): void => {
  toast.dismiss();
};

export function showNews({ kind, title, text }: News): void {
  // Errors stay long enough to be read twice.
  toast[kind](title, { ...(text === undefined ? {} : { description: text }), duration: kind === 'error' ? 12_000 : 4_000 });
}

/** Counts and names as the sentences about data write them. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
export const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

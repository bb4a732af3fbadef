/** How training goes on, as Python: the optimizer's rule from its own expressions, the schedule, the limits on gradients. */
import { type Expr, namesIn, read, render, replaceParts } from '../../ir/expr';
import type { Clip, Schedule } from '../../graph/project';
import type { Optimizer } from '../../optimizers/optimizer';
import { scheduleOf, settingsOf } from '../../train/schedules';
import { numpy } from './library';
import { indented, numberText, type Python, stringText } from './text';

const textOf = (e: Expr, reads: (name: string) => Python = (name) => name): Python => render(e, numpy.dialect(reads));

/** Lines that bring the slots and the weight forward. All expressions of a rule read the old numbers. */
function ruleLines({ slots, update }: Optimizer): string[] {
  const fresh = slots.map((slot) => [slot, update[slot]!] as const);
  // The weight's expression holds the slots' new values: by name, where it holds nothing else of them.
  const made = new Map(fresh.map(([slot, value]) => [JSON.stringify(value), read(`new ${slot}`)]));
  const marked = replaceParts(update['w']!, (part) => made.get(JSON.stringify(part)));
  const apart = slots.every(
    (slot) => !namesIn(marked).includes(slot) && slots.every((s) => s === slot || !namesIn(update[s]!).includes(slot)),
  );
  if (!apart)
    return [
      `${['w', ...slots].join(', ')} = ${[update['w']!, ...slots.map((s) => update[s]!)].map((e) => textOf(e)).join(', ')}`,
    ];
  const weight = textOf(marked, (name) => name.replace(/^new /, ''));
  return [...fresh.map(([slot, value]) => `${slot} = ${textOf(value)}`), `w = ${weight}`];
}

/** Functions `new_memory` and `update` of plain NumPy. */
export function updateCode(optimizer: Optimizer, hyper: Readonly<Record<string, number>>, clip: Clip): string[] {
  const { slots } = optimizer;
  const counters = Object.entries(optimizer.counters);
  const memory = [
    'def new_memory(weights):',
    `    """What ${optimizer.title} remembers from step to step${slots.length + counters.length === 0 ? ': nothing' : ''}."""`,
    `    memory = {${counters.map(([name, { init }]) => `${stringText(name)}: ${numberText(init)}`).join(', ')}}`,
    ...(slots.length > 0
      ? [
          '    for name, w in weights.items():',
          `        memory[name] = {${slots.map((slot) => `${stringText(slot)}: np.zeros_like(w)`).join(', ')}}`,
        ]
      : []),
    '    return memory',
  ].join('\n');
  const clipping: string[] = [];
  if (clip.value !== undefined)
    clipping.push(
      `gradients = {name: np.clip(g, ${numberText(-clip.value)}, ${numberText(clip.value)}) for name, g in gradients.items()}`,
    );
  if (clip.norm !== undefined)
    clipping.push(
      `length = np.sqrt(sum((g ** 2).sum() for g in gradients.values()))`,
      `gradients = {name: g * (${numberText(clip.norm)} / max(length, ${numberText(clip.norm)})) for name, g in gradients.items()}`,
    );
  const settings = Object.entries(hyper).map(([name, value]) => `${name}=${numberText(value)}`);
  const loop = [
    'w = weights[name]',
    ...slots.map((slot) => `${slot} = memory[name][${stringText(slot)}]`),
    ...ruleLines(optimizer),
    'weights[name] = w',
    ...(slots.length > 0 ? [`memory[name] = {${slots.map((slot) => `${stringText(slot)}: ${slot}`).join(', ')}}`] : []),
  ];
  const update = [
    `def update(weights, gradients, memory, ${settings.join(', ')}):`,
    `    """One step of ${optimizer.title}: ${optimizer.about}"""`,
    ...indented(clipping),
    ...counters.flatMap(([name, { next }]) => [
      `    ${name} = memory[${stringText(name)}] = ${textOf(next, (read) => (read === name ? `memory[${stringText(name)}]` : read))}`,
    ]),
    '    for name, g in gradients.items():',
    ...indented(loop, 2),
  ].join('\n');
  return [memory, update];
}

/** The function `rate_factor` and what it calls; null where the learning rate stays as it is. */
export function scheduleCode(schedule: Schedule | undefined): { readonly code: string[]; readonly watches: boolean } | null {
  const rule = schedule && scheduleOf(schedule.kind);
  if (!rule || rule.kind === 'constant') return null;
  const factor = rule.python(settingsOf(rule, schedule));
  const code: string[] = [];
  if (factor.includes('fall('))
    code.push(`def fall(x):
    """From 1 to 0 along half a cosine wave while x goes from 0 to 1."""
    return (1 + math.cos(math.pi * min(1, max(0, x)))) / 2`);
  if (factor.includes('plateaus('))
    code.push(`def plateaus(losses, patience):
    """How often the best loss has not improved for so many epochs."""
    best, waited, count = float('inf'), 0, 0
    for loss in losses:
        if loss != loss:
            continue
        if loss < best * (1 - 1e-4):
            best, waited = loss, 0
        else:
            waited += 1
            if waited >= patience:
                count, waited = count + 1, 0
    return count`);
  code.push(`def rate_factor(epoch, epochs, losses):
    """${rule.about}${rule.watches ? ' Here: the losses so far in `train`, of the rows that it is given.' : ''}"""
    return ${factor}`);
  return { code, watches: rule.watches === true };
}

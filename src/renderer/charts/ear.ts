/** Plays tones with the browser's sound, and says which one sounds. Nothing sounds before someone asks for it. */
import type { Tone } from './tones';

/** At most one plot is heard at a time. */
let silence: (() => void) | null = null;

/** Returns the way to stop it. `onTone(null)`: it is over. */
export function listen(tones: readonly Tone[], onTone: (tone: Tone | null) => void): () => void {
  silence?.();
  const sound = new AudioContext();
  const start = sound.currentTime + 0.05;
  for (const series of new Set(tones.map((tone) => tone.series))) {
    const own = tones.filter((tone) => tone.series === series);
    const [first, last] = [own[0]!, own.at(-1)!];
    const [voice, loudness, place] = [sound.createOscillator(), sound.createGain(), sound.createStereoPanner()];
    // Every second series has another voice, so that one hears where the next begins.
    voice.type = series % 2 === 0 ? 'triangle' : 'sine';
    loudness.gain.setValueAtTime(0, start);
    for (const { at, length, hertz, pan } of own) {
      voice.frequency.setValueAtTime(hertz, start + at);
      place.pan.setValueAtTime(pan, start + at);
      // Edges without a click.
      loudness.gain.setTargetAtTime(0.16, start + at, 0.008);
      loudness.gain.setTargetAtTime(0, start + at + length * 0.85, 0.015);
    }
    voice.connect(loudness).connect(place).connect(sound.destination);
    voice.start(start + first.at);
    voice.stop(start + last.at + last.length + 0.2);
  }
  let [next, frame] = [0, 0];
  const end = (tones.at(-1)?.at ?? 0) + (tones.at(-1)?.length ?? 0) + 0.2;
  const stop = (): void => {
    if (silence !== stop) return;
    silence = null;
    cancelAnimationFrame(frame);
    void sound.close();
    onTone(null);
  };
  const follow = (): void => {
    const now = sound.currentTime - start;
    let sounding: Tone | null = null;
    while (next < tones.length && tones[next]!.at <= now) sounding = tones[next++]!;
    if (sounding) onTone(sounding);
    if (now > end) stop();
    else frame = requestAnimationFrame(follow);
  };
  frame = requestAnimationFrame(follow);
  silence = stop;
  return stop;
}

/** The history for programs without a window: opened for a command, closed after it. */
import { configFolder } from '../folders';
import { startInstance } from '../instance';
import { RunStore } from './run-store';

export async function openRuns(config = configFolder()): Promise<{ readonly runs: RunStore; close(): Promise<void> }> {
  const instance = await startInstance(config);
  const runs = new RunStore(config, instance);
  return {
    runs,
    close: async () => {
      await runs.close();
      await instance.close();
    },
  };
}

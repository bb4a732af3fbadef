/** The tables of the history. A later version adds its own steps here. */
import type { Schema } from './database';

/**
 * `curve` grows by one piece with each piece of news, so that writing never rewrites; a finished run's
 * pieces become one. `kept` holds the numbers that are large: where it stood, and its best weights.
 */
export const schema: Schema = {
  version: 1,
  create: `
    CREATE TABLE run (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      origin TEXT NOT NULL,
      status TEXT NOT NULL,
      owner TEXT NOT NULL,
      started INTEGER NOT NULL,
      seconds REAL NOT NULL DEFAULT 0,
      epoch INTEGER NOT NULL DEFAULT 0,
      step INTEGER NOT NULL DEFAULT 0,
      project TEXT NOT NULL,
      data TEXT,
      scores TEXT NOT NULL DEFAULT '{}',
      confusion TEXT,
      tags TEXT NOT NULL DEFAULT '[]',
      message TEXT NOT NULL DEFAULT '',
      sweep TEXT REFERENCES sweep(id) ON DELETE SET NULL,
      place INTEGER NOT NULL DEFAULT 0,
      changes TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID;
    CREATE INDEX run_started ON run(started);
    CREATE INDEX run_sweep ON run(sweep, place);
    CREATE TABLE curve (
      run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,
      piece INTEGER NOT NULL,
      points BLOB NOT NULL,
      PRIMARY KEY (run, piece)
    ) WITHOUT ROWID;
    CREATE TABLE kept (
      run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,
      what TEXT NOT NULL,
      epoch INTEGER NOT NULL,
      numbers BLOB NOT NULL,
      PRIMARY KEY (run, what)
    ) WITHOUT ROWID;
    CREATE TABLE sweep (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      status TEXT NOT NULL,
      owner TEXT NOT NULL,
      started INTEGER NOT NULL,
      threads INTEGER NOT NULL,
      fingerprint TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE setting (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) WITHOUT ROWID`,
};

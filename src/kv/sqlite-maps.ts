import type Database from 'better-sqlite3'
import type { Clock } from '../kernel/clock.ts'
import type { KeyValueStore } from './kv.ts'
import { assertField, assertKey, assertTtl, assertValue } from './limits.ts'

/** A row a field. All fields of a map end together, so a map that is swept in two batches is dead in between too. */
export const FIELDS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS kv_fields (
    key TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (key, field)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS kv_fields_expires_at_ms ON kv_fields (expires_at_ms);
`

function prepareStatements(database: Database.Database) {
  return {
    bury: database.prepare('DELETE FROM kv_fields WHERE key = @key AND expires_at_ms <= @nowMs'),
    set: database.prepare(
      `INSERT INTO kv_fields (key, field, value, expires_at_ms) VALUES (@key, @field, @value, @expiresAtMs)
        ON CONFLICT (key, field) DO UPDATE SET value = excluded.value`,
    ),
    prolong: database.prepare('UPDATE kv_fields SET expires_at_ms = @expiresAtMs WHERE key = @key'),
    all: database.prepare('SELECT field, value FROM kv_fields WHERE key = @key AND expires_at_ms > @nowMs'),
    delete: database.prepare('DELETE FROM kv_fields WHERE key = @key AND field = @field AND expires_at_ms > @nowMs'),
    sweep: database.prepare(
      'DELETE FROM kv_fields WHERE rowid IN (SELECT rowid FROM kv_fields WHERE expires_at_ms <= @nowMs LIMIT @rowsMax)',
    ),
  }
}

/** The maps of the SQLite store, and their part of its sweep. `done` runs an operation and names its failures. */
export function sqliteMaps(
  database: Database.Database,
  { clock, done }: { clock: Clock; done: <T>(work: () => T) => T },
): {
  readonly store: Pick<KeyValueStore, 'setField' | 'fields' | 'deleteField'>
  sweep(batch: { rowsMax: number }): number
} {
  const statements = prepareStatements(database)
  const write = database.transaction(
    (row: { key: string; field: string; value: string; nowMs: number; ttlMs: number }) => {
      const { key, field, value, nowMs } = row
      const expiresAtMs = nowMs + row.ttlMs
      statements.bury.run({ key, nowMs })
      statements.set.run({ key, field, value, expiresAtMs })
      return statements.prolong.run({ key, expiresAtMs }).changes
    },
  )
  return {
    store: {
      async setField(key, field, value, { ttlMs }) {
        assertKey(key)
        assertField(field)
        assertValue(value)
        assertTtl(ttlMs)
        return done(() => write.immediate({ key, field, value, nowMs: clock.nowMs(), ttlMs }))
      },
      async fields(key) {
        assertKey(key)
        const rows = done(() => statements.all.all({ key, nowMs: clock.nowMs() })) as { field: string; value: string }[]
        return new Map(rows.map(({ field, value }) => [field, value]))
      },
      async deleteField(key, field) {
        assertKey(key)
        assertField(field)
        return done(() => statements.delete.run({ key, field, nowMs: clock.nowMs() })).changes === 1
      },
    },
    sweep: ({ rowsMax }) => statements.sweep.run({ nowMs: clock.nowMs(), rowsMax }).changes,
  }
}

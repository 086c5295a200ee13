import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { parseStrictJson, shapeFaults } from '../../config/json-value.ts'
import { BackupRefused } from '../../db/errors.ts'

export const MANIFEST_FILE = 'manifest.json'
const FORMAT = 'payment-api-backup'
const FORMAT_VERSION = 1

const hash = Type.String({ pattern: '^[0-9a-f]{64}$' })
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const covers = Type.Enum(['the data of this backup', 'the database, in a snapshot taken after the copy'])

const MANIFEST = Type.Object({
  format: Type.Literal(FORMAT),
  format_version: Type.Literal(FORMAT_VERSION),
  /** The moment before the copy began, ISO 8601 in UTC. */
  created_at: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' }),
  app_version: Type.String({ minLength: 1, maxLength: 64 }),
  engine: Type.Enum(['sqlite', 'mysql', 'mariadb']),
  /** Which database it is of, as a hash of where that is; missing from those that older releases have made. */
  database: Type.Optional(hash),
  server_version: Type.String({ maxLength: 256 }),
  schema_steps: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { minItems: 1, maxItems: 10_000 }),
  data: Type.Object({
    // A name and no path: whoever writes a manifest must not choose what we read.
    file: Type.String({ pattern: '^[a-z0-9][a-z0-9.]{0,63}$' }),
    sha256: hash,
    bytes: count,
  }),
  rows: Type.Record(Type.String({ maxLength: 64 }), count),
  audit: Type.Object({
    root: hash,
    root_covers: covers,
    /** Null where the schema is of an older release than the program that made the backup: then nobody has looked. */
    clean: Type.Union([Type.Boolean(), Type.Null()]),
    verdict_covers: Type.Union([covers, Type.Null()]),
    /** The invariants that are broken, by name. */
    broken: Type.Array(Type.String({ maxLength: 16 }), { maxItems: 100 }),
  }),
})

/** What a backup says of itself. It is written last, so that where it stands the data are whole. */
export type Manifest = Static<typeof MANIFEST>

export const COVERS_COPY = 'the data of this backup'
export const COVERS_DATABASE = 'the database, in a snapshot taken after the copy'

export function newManifest(about: Omit<Manifest, 'format' | 'format_version'>): Manifest {
  return { format: FORMAT, format_version: FORMAT_VERSION, ...about }
}

// A manifest is a few kilobytes.
const MANIFEST_LENGTH_MAX = 1_000_000

/** Reads the manifest of a backup's folder. @throws BackupRefused when it has none, or one that is not ours. */
export function readManifest(folder: string): Manifest {
  const file = join(folder, MANIFEST_FILE)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new BackupRefused(`${folder} is no whole backup: there is no ${MANIFEST_FILE} in it`, { cause: error })
  }
  const json = text.length > MANIFEST_LENGTH_MAX ? { ok: false as const, fault: 'is too long' } : parseStrictJson(text)
  if (!json.ok) throw new BackupRefused(`${file} ${json.fault}: this is no manifest of a backup`)
  const { format, format_version: version } = (json.value ?? {}) as Record<string, unknown>
  if (format !== FORMAT) throw new BackupRefused(`${file} is not a manifest of a backup of this service`)
  if (typeof version === 'number' && version > FORMAT_VERSION) {
    throw new BackupRefused(`${file} was written by a newer release (format ${version}): restore with that release`)
  }
  const faults = shapeFaults(MANIFEST, json.value)
  if (faults.length > 0) throw new BackupRefused(`${file} is damaged: ${faults.join('; ')}`)
  return json.value as Manifest
}

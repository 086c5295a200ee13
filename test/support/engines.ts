import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A place for one test's data, gone afterwards. */
export interface EngineStore {
  readonly url: string
  /** Further environment variables that go with it: where the sessions are kept. */
  readonly variables: Readonly<Record<string, string>>
  drop(): Promise<void>
}

/** A pair of database and key-value store that the whole suite runs on. */
export interface Engine {
  readonly name: string
  create(): Promise<EngineStore>
}

/** Every engine that this run can reach: SQLite always, the others where the environment names them. */
export function engines(): Engine[] {
  return [sqliteEngine]
}

const sqliteEngine: Engine = {
  name: 'SQLite',
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'payment-api-db-'))
    return {
      url: `sqlite:///${join(directory, 'test.db')}`,
      variables: {},
      drop: () => rm(directory, { recursive: true, force: true }),
    }
  },
}

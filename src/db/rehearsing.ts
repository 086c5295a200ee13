import type { Database } from './database.ts'

/** Thrown at the end of a rehearsed transaction, with what its work gave, so that the database takes everything back. */
class DryRun extends Error {
  override readonly name = 'DryRun'
  readonly result: unknown

  constructor(result: unknown) {
    super('a dry run is taken back')
    this.result = result
  }
}

/**
 * The same database, whose transactions are run whole, under the same locks, and then taken back: the very use case that
 * would write says what it would write.
 */
export function rehearsing(database: Database): Database {
  return {
    ...database,
    inTransaction: async <T>(...[work, patience]: Parameters<typeof database.inTransaction<T>>): Promise<T> => {
      try {
        return await database.inTransaction<T>(async (tx) => {
          throw new DryRun(await work(tx))
        }, patience)
      } catch (error) {
        if (error instanceof DryRun) return error.result as T
        throw error
      }
    },
  }
}

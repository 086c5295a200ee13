import type { Database } from './database.ts'

const lanes = new WeakMap<Database, Map<string, Promise<unknown>>>()

/**
 * Runs work of one name on one database after whatever of that name is under way in this process. It saves connections
 * and protects nothing: another process may run the same at the same time, and the database decides.
 */
export function oneAtATime<T>(database: Database, name: string, work: () => Promise<T>): Promise<T> {
  const lane = lanes.get(database) ?? new Map<string, Promise<unknown>>()
  lanes.set(database, lane)
  const before = lane.get(name) ?? Promise.resolve()
  const mine = before.then(work, work)
  const settled = mine.then(
    () => forget(),
    () => forget(),
  )
  const forget = (): void => {
    if (lane.get(name) === settled) lane.delete(name)
  }
  lane.set(name, settled)
  return mine
}

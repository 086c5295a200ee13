import assert from 'node:assert/strict'
import { CompiledQuery, type KyselyPlugin, type RootOperationNode } from 'kysely'
import type { Database, Db } from '../../src/db/database.ts'

/** Thrown once a transaction has said what it does: its queries are explained on the rows that it would have met. */
class Undone extends Error {}

/** The plans of the queries that some work makes up to the end of its first transaction, which is undone. */
export async function plansOf(database: Database, work: (listening: Database) => Promise<unknown>): Promise<string[]> {
  const heard: RootOperationNode[] = []
  const ear: KyselyPlugin = {
    transformQuery: ({ node }) => {
      heard.push(node)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const listening: Database = {
    ...database,
    db: database.db.withPlugin(ear),
    inTransaction: (inside) =>
      database.inTransaction(async (tx) => {
        await inside(tx.withPlugin(ear))
        throw new Undone()
      }),
  }
  await work(listening).catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error
  })
  const { db, engine } = database
  return await Promise.all(heard.map((node) => planOf(db, { node, explain: EXPLAIN[engine] })))
}

const EXPLAIN = { sqlite: 'explain query plan', mysql: 'explain', mariadb: 'explain' } as const

async function planOf(db: Db, { node, explain }: { node: RootOperationNode; explain: string }): Promise<string> {
  const query = db.getExecutor().compileQuery(node, { queryId: 'explained' })
  const { rows } = await db.executeQuery(CompiledQuery.raw(`${explain} ${query.sql}`, [...query.parameters]))
  return JSON.stringify(rows)
}

/** Found by an index, in its order: nothing is read through, and nothing is sorted. */
export function assertByIndex(plans: readonly string[], index: string): void {
  assert.ok(plans.length > 0)
  for (const plan of plans) {
    assert.ok(plan.includes(index), plan)
    assert.doesNotMatch(plan, /"type":"(?:ALL|index)"|"SCAN|filesort|TEMP B-TREE/i)
  }
}

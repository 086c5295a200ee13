import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KyselyPlugin } from 'kysely'
import { engines } from '../../../test/support/engines.ts'
import { fakeClock } from '../../../test/support/fake-clock.ts'
import { openStore } from '../../../test/support/open-store.ts'
import type { Database } from '../../db/database.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import { openCatalogues } from './catalogue.ts'
import { raiseCatalogueVersion } from './catalogue-queries.ts'
import { seedCatalogue } from './seed-catalogue.ts'

const APP = 'app' as AppId
const ITEM = 1
const USD = 'USD' as CurrencyCode

for (const engine of engines()) {
  test(`${engine.name}: an edit between the reading of items and of prices is never seen by halves`, async (t) => {
    const { database } = await openStore(t, engine)
    await seed(database)
    // Each further edit spoils the reading that the one before it made necessary.
    for (const edits of [1, 2, 4]) {
      const clock = fakeClock()
      let made = 0
      const catalogues = openCatalogues({
        clock,
        database: editedWhileRead(database, async () => {
          if (made < edits) await edit(database, { both: 100 * edits + ++made })
        }),
      })
      const { items, version } = await catalogues.of(APP)
      assert.equal(made, edits)
      const item = items.get(ITEM)
      assert.deepEqual(
        [item?.terms.coins, item?.prices.get(USD)],
        [100 * edits + edits, 100 * edits + edits],
        'coins and price are of the last edit',
      )
      assert.equal(version, await versionOf(database))
    }
  })

  test(`${engine.name}: a reader with a catalogue in memory meets an edit whole, and one edited without end is refused`, async (t) => {
    const { database } = await openStore(t, engine)
    await seed(database)
    const clock = fakeClock()
    let next: number | null = null
    const edited = editedWhileRead(database, async () => {
      if (next !== null) await edit(database, { both: next++ })
    })
    const catalogues = openCatalogues({ clock, database: edited })
    const pairOf = async () => {
      const item = (await catalogues.of(APP)).items.get(ITEM)
      return [item?.terms.coins, item?.prices.get(USD)]
    }
    assert.deepEqual(await pairOf(), [1000, 1999])
    await edit(database, { both: 1 })
    clock.moveMs(500)
    assert.deepEqual(await pairOf(), [1, 1])
    await edit(database, { both: 2 })
    next = 3
    clock.moveMs(500)
    await assert.rejects(catalogues.of(APP), StorageUnavailable)
    next = null
    const [coins, price] = await pairOf()
    assert.ok(coins !== undefined && coins > 2)
    assert.equal(coins, price)
  })
}

async function seed(database: Database): Promise<void> {
  await database.migrate()
  await seedCatalogue({ database, clock: fakeClock() }, APP)
}

/** An operator's edit: coins and price change together. */
async function edit(database: Database, { both }: { both: number }): Promise<void> {
  await database.inTransaction(async (tx) => {
    await tx.updateTable('items').set({ coins: both }).where('app_id', '=', APP).where('item_id', '=', ITEM).execute()
    await tx
      .updateTable('item_prices')
      .set({ price_minor: both as MinorUnits })
      .where('app_id', '=', APP)
      .where('item_id', '=', ITEM)
      .where('currency', '=', USD)
      .execute()
    await raiseCatalogueVersion(tx, APP)
  })
}

async function versionOf(database: Database): Promise<number | undefined> {
  const row = await database.db.selectFrom('catalogues').select('version').where('app_id', '=', APP).executeTakeFirst()
  return row?.version
}

/** A database in which something happens whenever the items have been read and the prices have not. */
function editedWhileRead(database: Database, happens: () => Promise<void>): Database {
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    // A result is handed on only once this is done: the edit is committed before the next statement is made.
    transformResult: async ({ result }) => {
      const [first] = result.rows
      if (first !== undefined && 'premium_only' in first) await happens()
      return result
    },
  }
  return { ...database, db: database.db.withPlugin(plugin) }
}

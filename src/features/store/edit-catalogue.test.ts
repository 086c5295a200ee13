import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../../test/support/engines.ts'
import { fakeClock } from '../../../test/support/fake-clock.ts'
import { openStore } from '../../../test/support/open-store.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import { accepted, refused } from '../../kernel/outcome.ts'
import { writeContent } from './catalogue-content.ts'
import { editCatalogue } from './edit-catalogue.ts'
import { listCatalogueVersions, readCatalogueVersion, readPresentCatalogue } from './read-versions.ts'
import type { CatalogueContent } from './rules.ts'
import { SEED_CONTENT } from './seed.ts'
import { seedCatalogue } from './seed-catalogue.ts'

const APP = 'app' as AppId

for (const engine of engines()) {
  test(`${engine.name}: the largest store that there may be is written, kept and read back to the last character`, async (t) => {
    const deps = { database: (await openStore(t, engine)).database, clock: fakeClock() }
    await deps.database.migrate()
    await seedCatalogue(deps, APP)
    const largest = largestContent()
    const edited = await editCatalogue(deps, { appId: APP, note: '', change: () => accepted(largest) })
    assert.ok(edited.ok, JSON.stringify(edited))
    const present = await readPresentCatalogue(deps.database, APP)
    const kept = await readCatalogueVersion(deps.database, { appId: APP, version: 2 })
    assert.ok(present.ok && kept.ok)
    assert.equal(writeContent(present.value.content), writeContent(largest))
    assert.equal(writeContent(kept.value.content), writeContent(largest))
  })

  test(`${engine.name}: a refused edit, whatever refuses it, leaves the store and its versions as they were`, async (t) => {
    const deps = { database: (await openStore(t, engine)).database, clock: fakeClock() }
    await deps.database.migrate()
    const edit = (more: Partial<Parameters<typeof editCatalogue>[1]>) =>
      editCatalogue(deps, { appId: APP, note: '', change: () => accepted({ ...SEED_CONTENT, items: [] }), ...more })
    assert.deepEqual(await edit({}), refused('not_found'))
    await seedCatalogue(deps, APP)
    const state = async () => {
      const present = await readPresentCatalogue(deps.database, APP)
      return [present, await listCatalogueVersions(deps.database, { appId: APP, limit: 10 })]
    }
    const before = await state()
    const faulty = await edit({ note: 'two\nlines' })
    assert.deepEqual(
      !faulty.ok && faulty.refusal.details?.map(({ path }) => path),
      ['note', 'items'],
      'the note and the content, at once',
    )
    const stale = await edit({ expectedVersion: 7 })
    assert.equal(!stale.ok && stale.refusal.code, 'catalogue_changed')
    assert.deepEqual(await edit({ change: () => refused('order_conflict') }), refused('order_conflict'))
    const one = SEED_CONTENT.items.slice(0, 1)
    assert.ok((await edit({ dryRun: true, change: () => accepted({ ...SEED_CONTENT, items: one }) })).ok)
    await assert.rejects(
      edit({
        change: () => {
          throw new Error('on purpose')
        },
      }),
      /on purpose/,
    )
    assert.deepEqual(await state(), before)
  })
}

/** As many items and promotions as there may be, with the longest names, in characters of four bytes. */
function largestContent(): CatalogueContent {
  const [first] = SEED_CONTENT.items
  assert.ok(first)
  const name = '💎'.repeat(255)
  const prices = new Map(
    ['CNY', 'EUR', 'JPY', 'KWD', 'USD'].map((code) => [code as CurrencyCode, 1_000_000_000_000 as MinorUnits]),
  )
  const items = Array.from({ length: 500 }, (_, n) => ({
    ...{ ...first, itemId: 2_147_483_647 - 499 + n, nameEn: name, nameZh: name, prices },
    terms: { ...first.terms, coins: 1_000_000_000_000, tokensBase: 1_000_000_000_000 },
  }))
  const promotions = Array.from({ length: 200 }, (_, n) => ({
    ...{ promotionId: `${n}`.padStart(3, '0'), nameEn: 'x', nameZh: 'x', bonusPercent: 1000 },
    ...{ startsAtMs: 0, endsAtMs: 253_402_300_799_999, itemIds: [] },
  }))
  return { ...SEED_CONTENT, items, promotions }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogueContent } from '../../src/features/store/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { editStore, withItem } from '../support/store-edits.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

onEveryEngine((on) => {
  const run = (...args: string[]) => runProgram('src/cli/store.ts', { args, variables: on.app.variables })
  const store = (command: string, ...args: string[]) => run(command, '--app', APP_ID, ...args)
  const done = async (command: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await store(command, ...args)
    assert.deepEqual([code, stderr], [0, ''])
    return stdout
  }
  const json = async (command: string, ...args: string[]) => JSON.parse(await done(command, '--json', ...args))
  /** Everything that an edit could have changed, of either app. */
  const everything = async () => {
    const { db } = on.app.service.database
    const tables = [
      'catalogues',
      'items',
      'item_prices',
      'promotions',
      'daily_gift_days',
      'catalogue_versions',
    ] as const
    const rows = await Promise.all(tables.map((table) => db.selectFrom(table).selectAll().execute()))
    return rows.map((ofTable) => ofTable.map((row) => JSON.stringify(row)).toSorted())
  }

  test('list shows the seed in columns, and the same as JSON', async () => {
    const text = await done('list')
    assert.match(text, /^The store of com\.funtriolimited\.slots\.casino\.free, version 1\n/)
    assert.match(text, /\n {3}8 {2}Mythic Pack +神话礼包 +USD 999\.99 +100000 +1000 +6 % +25 % +yes +yes\n/)
    assert.match(text, /\nNo promotion runs or is to come\.\n/)
    assert.match(text, /\nday 7 +2000 +5\n$/)
    const listed = await json('list')
    assert.deepEqual([listed.app_id, listed.version, listed.items.length, listed.daily_gifts.length], [APP_ID, 1, 8, 7])
    assert.deepEqual(listed.items[0].prices_minor, { USD: 1999 })
  })

  test('the seed is version 1, kept whole from the beginning', async () => {
    const shown = await json('show', '1')
    assert.equal(shown.note, 'The seed')
    const { app_id: _, version: __, ...content } = await json('list')
    assert.deepEqual({ items: shown.items, promotions: shown.promotions, daily_gifts: shown.daily_gifts }, content)
  })

  test('an edit is told in words, kept with its note, and undone by a further version', async () => {
    const before = await json('list')
    const dry = await done('set', '2', '--coins', '2222', '--dry-run')
    assert.match(dry, /^item 2 \(Growth Pack\): coins 2000 -> 2222\nA dry run: nothing was changed\./)
    assert.deepEqual(await json('list'), before)
    const edited = await json('set', '2', '--coins', '2222', '--price', 'eur=27', '--note', 'Euros, 便宜')
    assert.deepEqual(edited, {
      ...{ app_id: APP_ID, version: before.version + 1, dry_run: false },
      changes: [
        {
          ...{ of: 'item', id: 2, name: 'Growth Pack', kind: 'changed' },
          fields: [
            { field: 'coins', from: 2000, to: 2222 },
            { field: 'price_minor.EUR', from: null, to: 2700 },
          ],
        },
      ],
    })
    const history = await done('history', '--limit', '1')
    assert.match(
      history,
      /^version \d+, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: Euros, 便宜\n {2}item 2 \(Growth Pack\): coins/,
    )
    assert.match(await done('revert', String(before.version)), /price EUR 27\.00 -> none/)
    const after = await json('list')
    assert.deepEqual({ ...after, version: before.version }, before)
    const [newest] = (await json('history')).versions
    assert.deepEqual([newest.version, newest.note], [before.version + 2, `Back to version ${before.version}`])
  })

  test('what changes nothing makes no version', async () => {
    const before = await everything()
    const { version } = await json('list')
    const same = ['set', '1', '--coins', '1000', '--price', 'USD=19.990', '--no-premium', '--on-sale'] as const
    assert.match(await done(...same), new RegExp(`^Nothing changes: .* stays at version ${version}\\.\n$`))
    assert.deepEqual(await everything(), before)
  })

  test('a new item has all that it needs, and another app has none of it', async () => {
    const extras = '[{"id": "spin", "name": "Free spin", "num": 3}]'
    const names = ['--name-en', 'Winter Pack', '--name-zh', '冬季礼包']
    await done(
      'set',
      '9',
      ...names,
      '--price',
      'USD=9.99',
      '--price',
      'JPY=1500',
      '--coins',
      '0',
      '--tokens',
      '7',
      '--bonus',
      '5',
      '--act-items',
      extras,
    )
    const item = (await json('list')).items.find(({ id }: { id: number }) => id === 9)
    assert.deepEqual(item, {
      ...{ id: 9, name_en: 'Winter Pack', name_zh: '冬季礼包', prices_minor: { JPY: 1500, USD: 999 } },
      ...{ coins: 0, tokens_base: 7, bonus_percent: 5, first_charge_bonus_percent: 5 },
      ...{ act_items: [{ id: 'spin', name: 'Free spin', num: 3 }], premium_only: false, on_sale: true },
    })
    const other = JSON.parse((await run('list', '--app', OTHER_APP_ID, '--json')).stdout)
    assert.deepEqual([other.version, other.items.length], [1, 8])
  })

  test('a promotion is made, changed, ended and removed; a gift is changed', async () => {
    const times = ['--from', '2020-01-01', '--until', '2100-01-01T08:00+08:00'] as const
    await done('promote', 'sale', '--bonus', '20', ...times, '--items', '2,1')
    assert.match(
      await done('list'),
      /sale +sale +sale +20 % +1,2 +2020-01-01T00:00:00\.000Z +2100-01-01T00:00:00\.000Z +runs now/,
    )
    assert.match(
      await done('promote', 'sale', '--items', 'all', '--name-zh', '促销'),
      /name \(zh\) "sale" -> "促销", items 1,2 -> all/,
    )
    assert.match(await done('promote', 'sale', '--end'), /ends 2100-01-01T00:00:00\.000Z -> 20/)
    assert.match(await done('list'), /No promotion runs or is to come \(1 over, not shown/)
    const again = await store('promote', 'sale', '--end')
    assert.deepEqual([again.code, again.stdout], [1, ''])
    assert.match(again.stderr, /--end: it was over at/)
    assert.match(await done('promote', 'sale', '--remove'), /^promotion sale \(sale\): removed\n/)
    assert.match(await done('gift', '7', '--tokens', '6'), /^daily gift, day 7: tokens 5 -> 6\n/)
  })

  test('an edit of a store that somebody else has edited meanwhile is refused when it says what it expects', async () => {
    const before = await everything()
    const { version } = await json('list')
    const { code, stdout, stderr } = await store('set', '1', '--coins', '5', '--expect-version', String(version - 1))
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, new RegExp(`the catalogue is at version ${version}`))
    assert.deepEqual(await everything(), before)
  })

  test('the last item on sale stays on sale', async () => {
    const ids: number[] = (await json('list')).items.map(({ id }: { id: number }) => id)
    const allButOne = (content: CatalogueContent) =>
      ids.slice(1).reduce((rest, id) => withItem(rest, id, { isOnSale: false }), content)
    await editStore(on.app, { clock: systemClock, change: allButOne })
    const { code, stderr } = await store('set', String(ids[0]), '--off-sale')
    assert.deepEqual([code, stderr], [1, 'Nothing was done: one fault.\n  items: at least one must be on sale\n'])
    await done('revert', '1')
  })

  test('names and notes may hold what would be SQL, and come back as they were', async () => {
    const name = `1'; drop table items; -- "quoted" \\ %_ 💎`
    const { version } = await json('set', '1', '--name-en', name, '--note', name)
    const { items, note } = await json('show', String(version))
    assert.deepEqual([items[0].name_en, note], [name, name])
    await done('revert', '1')
  })

  test('a catalogue from before versions were kept keeps what it was at its first edit', async () => {
    await on.app.service.database.inTransaction((tx) =>
      tx
        .deleteFrom('catalogue_versions')
        .where('app_id', '=', OTHER_APP_ID as AppId)
        .execute(),
    )
    const other = (command: string, ...args: string[]) => run(command, '--app', OTHER_APP_ID, ...args)
    assert.match((await other('history')).stdout, /^No version of com\.example\.other is kept yet\.\n$/)
    await other('set', '1', '--coins', '1')
    const { versions } = JSON.parse((await other('history', '--json')).stdout)
    assert.deepEqual(
      versions.map(({ version, since_version }: Record<string, unknown>) => [version, since_version]),
      [
        [2, 1],
        [1, null],
      ],
    )
    assert.equal((await other('revert', '1')).code, 0)
  })
})

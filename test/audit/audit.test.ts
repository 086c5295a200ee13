import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type AuditReport, auditDatabase } from '../../src/cli/audit/audit-database.ts'
import { INVARIANTS } from '../../src/cli/audit/invariants.ts'
import { engines } from '../support/engines.ts'
import { type BooksUnderTest, openBooksUnderTest } from './books-under-test.ts'
import { PLANTED } from './planted.ts'

const brokenIn = (report: AuditReport): string[] =>
  report.invariants.filter(({ breaches }) => breaches > 0).map(({ name }) => name)
const shownIn = (report: AuditReport): string => JSON.stringify(report.invariants.flatMap(({ shown }) => shown))

for (const engine of engines()) {
  describe(`the audit on ${engine.name}`, () => {
    let books: BooksUnderTest
    before(async () => {
      books = await openBooksUnderTest(engine)
    })
    afterEach(() => books.mend())
    after(() => books.close())

    test('finds nothing wrong with what the service wrote, and counts it', async () => {
      const report = await auditDatabase(books.database)
      assert.deepEqual(brokenIn(report), [], shownIn(report))
      assert.equal(report.clean, true)
      const { players, orders, payments } = report.totals
      assert.deepEqual({ players, orders, payments }, { players: 7, orders: 21, payments: 23 })
      assert.ok(report.totals.ledgerTransactions > 8 && report.totals.postings > report.totals.ledgerTransactions)
    })

    for (const { breaks, what, plant } of PLANTED) {
      test(`${breaks} notices ${what}`, async () => {
        await books.plant(plant)
        const report = await auditDatabase(books.database)
        assert.deepEqual(brokenIn(report), [breaks], shownIn(report))
        assert.equal(report.clean, false)
      })
    }

    test('is content with a gift that expired: what waited went back to the game', async () => {
      await books.plant(async ({ append, change, anna }) => {
        const postings = [{ from: `inbox:${anna}`, to: 'game', currency: 'tokens', amount: 20 }]
        await append(anna, { kind: 'gift_expiry', sourceId: 'msg_over', postings })
        await change`update users set inbox_tokens = inbox_tokens - 20 where user_id = ${anna}`
        await change`update inbox_messages set state = 'expired' where reward_order_id = 'cart' and user_id = ${anna}`
      })
      const report = await auditDatabase(books.database)
      assert.deepEqual(brokenIn(report), [], shownIn(report))
    })

    test('is content with a first charge that cost nothing, from when such a grant was one', async () => {
      await books.plant(async ({ change }) => {
        await change`update orders set price_minor = 0 where order_id = 'first'`
        await change`update payment_lines set price_minor = 0 where granted_order_id = 'first'`
      })
      const report = await auditDatabase(books.database)
      assert.deepEqual(brokenIn(report), [], shownIn(report))
    })

    test('is content with a daily gift a date', async () => {
      await books.plant(async ({ append, anna }) => {
        const postings = [{ from: 'daily_gift', to: `player:${anna}`, currency: 'coins', amount: 100 }]
        for (const date of ['2026-11-01', '2026-11-02']) {
          await append(anna, { kind: 'daily_gift', sourceId: `${anna}:${date}`, postings })
        }
      })
      const report = await auditDatabase(books.database)
      assert.deepEqual(brokenIn(report), [], shownIn(report))
    })

    test('is content with an invitation that brought one of the two nothing, or both, or that is still due', async () => {
      await books.plant(async ({ change, anna, ben, eve, finn, relink }) => {
        await change`delete from postings where user_id = ${eve}`
        await change`delete from ledger_transactions where user_id = ${eve}`
        await change`delete from inbox_messages where user_id = ${eve}`
        await change`update users set inbox_coins = 0, inbox_tokens = 0 where user_id = ${eve}`
        await change`update invite_rewards set inviter_message_id = null where invited_user_id = ${finn}`
        await relink(eve)
        await change`update users set inviter_id = ${eve} where user_id in (${anna}, ${ben})`
        await change`insert into invite_rewards values
          (${anna}, ${eve}, 'com.funtriolimited.slots.casino.free', 'first', 'void', null, null, 1, 2),
          (${ben}, ${eve}, 'com.funtriolimited.slots.casino.free', 'unnamed', 'due', null, null, 1, null)`
      })
      const report = await auditDatabase(books.database)
      assert.deepEqual(brokenIn(report), [], shownIn(report))
    })

    test('shows a history that was rewritten from its first link by another root', async () => {
      const before = await auditDatabase(books.database)
      const again = await auditDatabase(books.database)
      assert.equal(again.root, before.root)
      await books.plant(async ({ change, relink, ben }) => {
        await change`update ledger_transactions set created_at_ms = created_at_ms - 1 where user_id = ${ben}`
        await relink(ben)
      })
      const rewritten = await auditDatabase(books.database)
      assert.equal(rewritten.clean, true)
      assert.notEqual(rewritten.root, before.root)
    })

    test('counts every breach and shows no more than it is asked for', async () => {
      await books.plant(({ change }) => change`update users set coins = coins + 1`)
      const report = await auditDatabase(books.database, { shownMax: 3 })
      const balances = report.invariants.find(({ name }) => name === 'I2')
      assert.equal(balances?.breaches, 7)
      assert.equal(balances?.shown.length, 3)
      assert.equal(typeof balances?.shown[0]?.facts['user_id'], 'number')
    })

    test('tells how far it is, check by check, and never beyond the end', async () => {
      const seen: { rowsRead: number; rowsTotal: number; checking: string }[] = []
      await auditDatabase(books.database, { onProgress: (progress) => seen.push(progress) })
      assert.deepEqual(
        [...new Set(seen.map(({ checking }) => checking))],
        INVARIANTS.map(({ name }) => name),
      )
      assert.deepEqual(
        seen.map(({ rowsRead }) => rowsRead),
        seen.map(({ rowsRead }) => rowsRead).toSorted((a, b) => a - b),
      )
      assert.equal(seen.at(-1)?.rowsRead, seen.at(-1)?.rowsTotal)
    })
  })
}

test('every invariant has a breach planted against it', () => {
  const planted = new Set(PLANTED.map(({ breaks }) => breaks))
  assert.deepEqual([...planted].sort(), INVARIANTS.map(({ name }) => name).sort())
})

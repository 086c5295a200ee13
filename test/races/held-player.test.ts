import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, orderRow, playerRow, verdicts } from '../support/books.ts'
import { type Answer, engines, payment, startApp, type TestApp } from '../support/test-app.ts'

const mysql = engines().find((engine) => engine.name === 'mysql')
// A batch gives up a held row after some two seconds; a client gives up after ten or more.
const PROMPT_MS = 15_000
const OTHERS = 10

if (mysql) {
  // Several held payments are what a player in a hurry, or a platform that sends again, makes of one held row.
  for (const heldPayments of [1, 12]) {
    test(`a row that somebody holds delays nobody else: ${heldPayments} of the held player's own`, async (t) => {
      const app = await startApp({ engine: mysql })
      let release = async (): Promise<void> => {}
      // Let go first: a schema whose rows are held cannot be dropped.
      t.after(() => release().finally(() => app.close()))
      const { uid } = await app.logIn('held')
      const others = await Promise.all(Array.from({ length: OTHERS }, (_, n) => app.logIn(`other-${n}`)))
      const pay = await payer(app)
      const ofHeld = Array.from({ length: heldPayments }, (_, n) => ({ order_id: `held-${n}`, uid }))
      const ofOthers = (name: string) => others.map((other, n) => ({ order_id: `${name}-${n}`, uid: other.uid }))

      release = await holdPlayer(app, uid)
      // In the same batch, before and after those of the held player.
      const [before, held, same] = [ofOthers('before'), ofHeld, ofOthers('same')].map((list) => list.map(pay))
      assert.ok(before && held && same)
      for (const { answer, tookMs } of await Promise.all([...before, ...same])) assertPrompt({ answer, tookMs })
      for (const round of ['after', 'later']) {
        for (const one of await Promise.all(ofOthers(round).map(pay))) assertPrompt(one)
      }
      const refused = await Promise.all(held)
      for (const { answer } of refused) {
        assertRefused(answer, 503, 'settlement_failed')
        assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
      }
      const told = await verdicts(
        app,
        refused.map(({ answer }) => answer.body.request_id),
      )
      assert.deepEqual(new Set(told), new Set(['error']), 'each message is kept')
      for (const { order_id } of ofHeld) assert.equal(await orderRow(app, order_id), undefined)
      assert.equal((await playerRow(app, uid)).coins, 0)

      await release()
      for (const fields of ofHeld) {
        assert.equal(assertDone((await pay(fields)).answer).replayed, false)
        assert.equal(assertDone((await pay(fields)).answer).replayed, true)
      }
      assert.equal((await playerRow(app, uid)).coins, 1000 * heldPayments)
      for (const other of others) assert.equal((await playerRow(app, other.uid)).coins, 4000)
      await assertBooks(app)
      await assertAuditClean(t, app.variables)
    })
  }
} else {
  test('MYSQL IS LEFT OUT: set TEST_DATABASE_URL to hold a row there; SQLite locks no rows', (t) => {
    t.diagnostic('no row was held on MySQL: set TEST_DATABASE_URL')
  })
}

interface Timed {
  readonly answer: Answer
  readonly tookMs: number
}

async function payer(app: TestApp): Promise<(fields: { order_id: string; uid: string }) => Promise<Timed>> {
  const token = await app.serverToken()
  return async (fields) => {
    const startedMs = performance.now()
    const answer = await app.call('POST', '/api/v1/payment/success', { token, body: payment(fields) })
    return { answer, tookMs: performance.now() - startedMs }
  }
}

function assertPrompt({ answer, tookMs }: Timed): void {
  assert.equal(assertDone(answer).replayed, false)
  assert.ok(tookMs < PROMPT_MS, `${answer.body.order_id} took ${Math.round(tookMs)} ms`)
}

/** Takes a player's row as a forgotten console or a stuck backup would. Gives what lets go of it. */
async function holdPlayer(app: TestApp, uid: string): Promise<() => Promise<void>> {
  const connection = await createConnection({ uri: app.variables['DATABASE_URL'] ?? '' })
  await connection.beginTransaction()
  await connection.query('select user_id from users where user_id = ? for update', [Number(uid)])
  let isHeld = true
  return async () => {
    if (!isHeld) return
    isHeld = false
    await connection.rollback()
    await connection.end()
  }
}

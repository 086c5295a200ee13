import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_START } from '../../src/features/players/index.ts'
import { linkHash, type Posting } from '../../src/features/wallet/index.ts'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { change, type GameServer, gameServer } from '../support/game-server.ts'
import { payment } from '../support/test-app.ts'

interface Entry {
  readonly ledger_seq: number
  readonly kind: string
  readonly source_id: string
  readonly reason: string | null
  readonly created_at: string
  readonly hash: string
  readonly postings: Posting[]
}

const ENTRIES = 250

/** Books as many grants as asked for, a few at a time; each has an amount of its own. */
async function book(server: GameServer, uid: string, { from, count }: { from: number; count: number }): Promise<void> {
  for (let start = from; start < from + count; start += 25) {
    const batch = Array.from({ length: Math.min(25, from + count - start) }, (_, n) => start + n)
    const answers = await Promise.all(
      batch.map((n) => server.change(uid, change({ amount: n, idempotency_key: `${uid}:${n}` }))),
    )
    answers.forEach(assertDone)
  }
}

/** Walks from the newest entry to the first; `between` is done after each page. */
async function walk(
  server: GameServer,
  uid: string,
  { limit, between }: { limit: number; between?: () => Promise<void> },
): Promise<Entry[]> {
  const seen: Entry[] = []
  let cursor: string | null = null
  for (let page = 1; ; page++) {
    assert.ok(page <= 1000, 'a page that repeats never ends')
    const query: string = cursor === null ? `?limit=${limit}` : `?limit=${limit}&cursor=${cursor}`
    const body = assertDone(await server.ledger(uid, query))
    assert.ok(body.data.length <= limit)
    seen.push(...body.data)
    cursor = body.next_cursor
    if (cursor === null) return seen
    assert.equal(body.data.length, limit)
    await between?.()
  }
}

onEveryEngine((on) => {
  test('a ledger shows purchases, claims and what the game server moved, and its chain can be checked', async () => {
    const server = await gameServer(on.app)
    const { token, uid } = await on.app.logIn('ledger')
    assert.deepEqual(assertDone(await server.ledger(uid)).data, [])
    const body = payment({ order_id: 'ledger', uid })
    assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
    const claimed = assertDone(await on.app.call('POST', '/api/v1/inbox/claim_all', { token }))
    assertDone(await server.change(uid, change({ amount: -400, reason: 'Spins', idempotency_key: 'ledger-1' })))

    const page = assertDone(await server.ledger(uid))
    assert.equal(page.next_cursor, null)
    const entries: Entry[] = page.data.toReversed()
    const [wallet, inbox] = [`player:${uid}`, `inbox:${uid}`]
    const tokens = { currency: 'tokens' }
    assert.deepEqual(
      entries.map(({ ledger_seq, kind, source_id, reason, postings }) => [
        ledger_seq,
        kind,
        source_id,
        reason,
        postings,
      ]),
      [
        [
          ...[1, 'order_grant', 'ledger', null],
          [
            { from: 'sales', to: wallet, currency: 'coins', amount: 1000 },
            { from: 'sales', to: inbox, ...tokens, amount: 20 },
            { from: 'bonus', to: inbox, ...tokens, amount: 2 },
          ],
        ],
        [2, 'inbox_claim', claimed.claimed[0], null, [{ from: inbox, to: wallet, ...tokens, amount: 22 }]],
        [3, 'game', 'ledger-1', 'Spins', [{ from: wallet, to: 'game', currency: 'coins', amount: 400 }]],
      ],
    )
    let head = CHAIN_START
    for (const { ledger_seq: ledgerSeq, kind, source_id: sourceId, created_at, hash, postings } of entries) {
      const createdAtMs = Date.parse(created_at)
      const playerId = Number(uid) as PlayerId
      head = linkHash(head, { playerId, ledgerSeq, kind, sourceId, createdAtMs, postings })
      assert.equal(hash, head)
    }
    assert.equal((await playerRow(on.app, uid)).chain_hash, head)
  })

  test('pages over 250 entries have no gap and no double, also while new ones arrive', async () => {
    const server = await gameServer(on.app)
    const { uid } = await on.app.logIn('ledger-walk')
    await book(server, uid, { from: 1, count: ENTRIES })
    const down = Array.from({ length: ENTRIES }, (_, n) => ENTRIES - n)
    const whole = await walk(server, uid, { limit: 100 })
    assert.deepEqual(
      whole.map((entry) => entry.ledger_seq),
      down,
    )
    for (const { source_id, postings } of whole) {
      assert.deepEqual(
        postings.map((posting) => `${uid}:${posting.amount}`),
        [source_id],
        'each entry has its own posting',
      )
    }
    let booked = ENTRIES
    const between = async () => {
      booked += 1
      await book(server, uid, { from: booked, count: 1 })
    }
    assert.deepEqual(await walk(server, uid, { limit: 7, between }), whole)
    assert.ok(booked > ENTRIES + 30)
    const afresh = await walk(server, uid, { limit: 25 })
    assert.deepEqual(afresh.slice(booked - ENTRIES), whole)
    assert.equal(afresh.length, booked)
  })

  test('a page that ends with the last entry has no next one', async () => {
    const server = await gameServer(on.app)
    const { uid } = await on.app.logIn('ledger-end')
    await book(server, uid, { from: 1, count: 20 })
    assert.equal(assertDone(await server.ledger(uid)).next_cursor, null)
    const page = assertDone(await server.ledger(uid, '?limit=10'))
    const last = assertDone(await server.ledger(uid, `?limit=10&cursor=${page.next_cursor}`))
    assert.deepEqual([last.data.length, last.next_cursor], [10, null])
  })

  test("a cursor of another list or of another player's ledger is refused, and so is a limit that is none", async () => {
    const server = await gameServer(on.app)
    const { token, uid } = await on.app.logIn('ledger-cursor')
    for (const order_id of ['cursor-1', 'cursor-2']) {
      const body = payment({ order_id, uid })
      assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
    }
    const cursorOf = async (path: string): Promise<string> =>
      assertDone(await on.app.call('GET', `/api/v1/${path}?limit=1`, { token })).next_cursor
    const other = await on.app.logIn('ledger-other')
    await book(server, other.uid, { from: 1, count: 2 })
    const foreign = [
      await cursorOf('orders/history'),
      await cursorOf('inbox'),
      assertDone(await server.ledger(other.uid, '?limit=1')).next_cursor,
      'nonsense',
      Buffer.from(JSON.stringify([1, `${uid}:9999999999999999`])).toString('base64url'),
    ]
    for (const cursor of foreign) {
      assert.equal(typeof cursor, 'string')
      assertFaults(await server.ledger(uid, `?cursor=${cursor}`), 'cursor')
    }
    for (const limit of ['0', '101', '-1', 'x', '1.5'])
      assertFaults(await server.ledger(uid, `?limit=${limit}`), 'limit')
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})

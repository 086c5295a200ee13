import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { openAccount } from './account.ts'
import type { SimPlatform } from './platform.ts'
import { beginPlay } from './play.ts'
import type { Answered, SimServer } from './server.ts'
import { STORIES, storiesOf } from './stories.ts'

test('a platform that tells of no dispute is played in every other story, and it is known what it lacks', () => {
  const { played, leftOut } = storiesOf(['refund.succeeded', 'dispute.lost'])
  assert.deepEqual([...played, ...leftOut.keys()].toSorted(), Object.keys(STORIES).toSorted())
  assert.deepEqual(
    [...leftOut],
    [
      ['dispute-lost', ['dispute.opened']],
      ['dispute-won', ['dispute.opened', 'dispute.won']],
    ],
  )
})

const TIMELESS = (body: string, secret: string): string =>
  createHash('sha256').update(body).update(secret).digest('hex')

/** It wants no body back, refuses by 400, and signs without a time. */
const PLATFORM: SimPlatform = {
  instance: 'other',
  message: (order, { telling, transactionId }) => ({
    says: telling.type,
    path: '/webhooks/other/paid',
    body: JSON.stringify({ order: order.orderId, cents: order.priceMinor, transactionId }),
  }),
  signature: {
    sign: ({ body }, { secret = 'own' }) => ({ authorization: TIMELESS(body, secret), 'x-project': '7' }),
    headers: ['authorization'],
    tellsAge: [],
  },
  answers: {
    taken: () => ({ words: 'answered 204, with no body', isSo: ({ status, text }) => status === 204 && text === '' }),
    forgedStatus: 400,
  },
  silentPayment: null,
}

function serverOf({ takenBy, refusedBy }: { takenBy: Answered; refusedBy: Answered }) {
  const seen: { headers: Readonly<Record<string, string>>; body: string }[] = []
  let status = 'pending'
  const answers: Readonly<Record<string, object>> = {
    '/api/v1/token': { token: 't' },
    '/api/v1/login': { uid: '10001' },
    '/api/v1/orders': {
      ...{ order_id: 'o1', item_name: 'Starter Pack', price: 19.99, currency: 'USD', coins: 1000, tokens: 22 },
      checkout: { kind: 'external' },
    },
    '/api/v1/inbox': { messages: [] },
  }
  const server: SimServer = {
    url: 'http://127.0.0.1:1',
    call: async (_method, path, { headers = {}, body } = {}) => {
      if (path === PLATFORM.message(ORDER, PAID).path) {
        seen.push({ headers, body: String(body) })
        if (headers['authorization'] !== TIMELESS(String(body), 'own')) return refusedBy
        status = 'completed'
        return takenBy
      }
      const granted = status === 'completed'
      const own: Readonly<Record<string, object>> = {
        '/api/v1/orders/o1': { order_status: status },
        '/api/v1/refresh': { coins: granted ? 1000 : 0 },
        '/api/v1/inbox': { messages: granted ? [{ tokens: 22, state: 'unclaimed' }] : [] },
      }
      return { status: 200, text: '{}', body: { ...answers[path], ...own[path] } }
    },
  }
  return { server, seen }
}

const ORDER = {
  ...{ orderId: 'o1', uid: '10001', itemId: 1, itemName: '', price: 19.99, priceMinor: 1999, currency: 'USD' },
  ...{ coins: 1000, tokens: 22, checkoutPath: null },
}
const PAID = { telling: { type: 'payment.succeeded', atMs: 0 }, transactionId: 'p' } as const
const NOTHING: Answered = { status: 204, text: '', body: {} }
const REFUSED: Answered = { status: 400, text: '{"error":{"code":"INVALID_SIGNATURE"}}', body: { error: {} } }

async function play(name: string, answers: { takenBy: Answered; refusedBy: Answered }) {
  const { server, seen } = serverOf(answers)
  const lines: string[] = []
  const account = openAccount((line) => lines.push(line))
  const app = { appId: 'an.app' as AppId, secrets: [], refundPolicy: 'debt' } as const
  await STORIES[name]?.play(await beginPlay({ server, platform: PLATFORM, app, account, clock: systemClock }))
  return { isRight: account.isRight(), told: lines.join('\n'), seen }
}

test('a platform that is answered in a form of its own is played by that form, and its price is exact', async () => {
  const { isRight, told, seen } = await play('paid', { takenBy: NOTHING, refusedBy: REFUSED })
  assert.ok(isRight, told)
  assert.match(told, / right: answered 204, with no body\n/)
  assert.equal(JSON.parse(seen[0]?.body ?? '').cents, 1999)
  const another = await play('paid', { takenBy: { status: 204, text: ' ', body: {} }, refusedBy: REFUSED })
  assert.ok(!another.isRight)
})

test('a signature without a time is forged in three ways only, and refused as its platform is', async () => {
  const { isRight, told, seen } = await play('badly-signed', { takenBy: NOTHING, refusedBy: REFUSED })
  assert.ok(isRight, told)
  assert.equal(seen.length, 3)
  assert.equal(told.match(/ right: refused by 400$/gm)?.length, 3)
  // What does not prove a message stands in an unsigned one too.
  assert.deepEqual(seen[2]?.headers, { 'x-project': '7' })
  const another = await play('badly-signed', { takenBy: NOTHING, refusedBy: { ...REFUSED, status: 401 } })
  assert.match(another.told, /WRONG: refused by 400; it is 401 \{"error":\{"code":"INVALID_SIGNATURE"\}\}/)
})

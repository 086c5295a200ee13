import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelMessage, WebhookCall } from '../../src/channels/channel.ts'
import { catchUp } from '../../src/features/payments/index.ts'
import { accepted } from '../../src/kernel/outcome.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { deskOf } from '../support/review-desk.ts'
import { SHOP_KEY, type ShopMessage, webShop } from '../support/web-shop.ts'

const shop = webShop()

onEveryEngine(
  (on) => {
    /** A platform that lists what it told, two messages a page, and the books that ask it. */
    const asking = (told: readonly ShopMessage[]) => {
      const list = async ({
        cursor,
        nowMs,
        requestId,
      }: {
        cursor: string | null
        nowMs: number
        requestId: string
      }) => {
        const from = Number(cursor ?? 0)
        const messages: ChannelMessage[] = []
        for (const message of told.slice(from, from + 2)) {
          const rawBody = Buffer.from(JSON.stringify(message))
          const call: WebhookCall = { callback: null, headers: { 'x-key': SHOP_KEY }, rawBody, nowMs, requestId }
          const read = await shop.channel.receive?.(call)
          assert.ok(read?.ok)
          messages.push(asked(read.value))
        }
        return accepted({ messages, nextCursor: from + 2 < told.length ? String(from + 2) : null })
      }
      const channel = { ...shop.channel, listMessages: list }
      const deps = { ...deskOf(on.app, channel), channels: { byInstance: () => channel, forOrder: () => null } }
      return (apply: boolean) => {
        const span = { instance: 'shop', fromMs: 0, untilMs: 1, progress: () => undefined }
        return catchUp(deps as never, { ...span, apply })
      }
    }
    const asked = (message: ChannelMessage): ChannelMessage & { kind: 'payment' | 'notice' } => {
      assert.ok(message.kind === 'payment' || message.kind === 'notice')
      const look = { kind: 'look_up' } as const
      return message.kind === 'payment'
        ? { ...message, payment: { ...message.payment, evidence: { ...message.payment.evidence, ...look } } }
        : { ...message, notice: { ...message.notice, evidence: { ...message.notice.evidence, ...look } } }
    }

    test('what a platform told and never reached us is taken in once, and what had come stays as it is', async () => {
      const { uid } = await on.app.logIn('catch-up')
      const paid = (id: string): ShopMessage => ({
        ...{ say: 'paid', id, uid, lines: [{ order_id: id, item: 1, minor: 1999 }], charged: 2199, tax: 200 },
      })
      const came = paid('had-come')
      assertDone(await on.app.call('POST', '/webhooks/shop', { body: came, headers: { 'x-key': SHOP_KEY } }))
      const told = [came, paid('was-lost'), paid('back'), { say: 'refunded', id: 'back' } as const, came]
      const ask = asking(told)
      const before = withoutMarks(await stateOf(on.app))

      const dry = await ask(false)
      assert.ok(dry.ok)
      assert.deepEqual(
        [dry.value.listed, dry.value.missed.map(({ kind }) => kind)],
        [5, ['payment', 'payment', 'notice']],
      )
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before, 'a dry run changes nothing')

      const done = await ask(true)
      assert.ok(done.ok)
      assert.deepEqual(
        done.value.missed.map(({ kind, verdict }) => [kind, verdict]),
        [
          ['payment', 'granted'],
          ['payment', 'granted'],
          ['notice', 'refunded'],
        ],
      )
      assert.equal((await playerRow(on.app, uid)).coins, 2000)
      assert.equal((await orderRow(on.app, 'back'))?.status, 'refunded')

      const settled = withoutMarks(await stateOf(on.app))
      const again = await ask(true)
      assert.ok(again.ok)
      assert.deepEqual(again.value.missed, [])
      assert.deepEqual(withoutMarks(await stateOf(on.app)), settled, 'not even a message is kept twice')
      await assertBooks(on.app)
    })

    test('a channel that cannot be asked, an unknown one, and times that are none are refused in words', async () => {
      const run = (...args: string[]) =>
        runProgram('src/cli/orders.ts', { args: ['catch-up', ...args], variables: on.app.variables })
      const from = ['--from', '2026-11-01T00:00:00Z']
      for (const [args, words] of [
        [['signed', ...from], /cannot be asked for what it told/],
        [['nobody', ...from], /No such payment channel/],
        [['signed', '--from', 'yesterday'], /are times like 2026-11-01T00:00:00Z/],
        [['signed', '--from', '2026-11-02T00:00:00Z', '--to', '2026-11-01T00:00:00Z'], /the first before the second/],
      ] as const) {
        const { code, stdout, stderr } = await run(...args)
        assert.deepEqual([code, stdout], [1, ''])
        assert.match(stderr, words)
      }
      assert.equal((await run('signed')).code, 2, 'a span has a beginning')
    })
  },
  { channels: [shop.channel] },
)

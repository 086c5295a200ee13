import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, MessagePage } from '../../channels/channel.ts'
import type { AppId } from '../../kernel/ids.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import { listedPages } from './listed-pages.ts'

const clock = { nowMs: () => 5 }

async function read(
  list: (cursor: string | null) => Promise<Outcome<MessagePage>>,
  { pageWithinMs = 10_000 } = {},
): Promise<string[]> {
  const channel: Channel = {
    ...{ instance: 'listing', appId: 'app' as AppId },
    openCheckout: async () => accepted({ kind: 'external' }),
    listMessages: ({ cursor }) => list(cursor),
  }
  const told: string[] = []
  for await (const page of listedPages(channel, { fromMs: 0, untilMs: 1, clock, pageWithinMs })) {
    told.push(page.ok ? 'page' : page.refusal.code)
  }
  return told
}

const page = (nextCursor: string | null) => accepted({ messages: [], nextCursor })

test('pages are read to the end', async () => {
  const next: Readonly<Record<string, string | null>> = { start: 'a', a: 'b', b: null }
  assert.deepEqual(await read(async (cursor) => page(next[cursor ?? 'start'] ?? null)), ['page', 'page', 'page'])
})

test('a list without an end is refused, and never taken for the whole', async () => {
  assert.deepEqual(await read(async () => page('same')), ['page', 'channel_unavailable'])
  let pages = 0
  const endless = await read(async () => page(String(++pages)))
  assert.deepEqual([endless.length, endless.at(-1)], [10_001, 'channel_unavailable'])
})

test('a channel that never answers is given up', async () => {
  const told = await read(() => new Promise(() => undefined), { pageWithinMs: 5 })
  assert.deepEqual(told, ['channel_unavailable'])
})

test('a channel that throws is a fault and no end', async () => {
  await assert.rejects(
    read(async () => JSON.parse('{"messages"')),
    SyntaxError,
  )
})

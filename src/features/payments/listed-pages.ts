import type { Channel, MessagePage, MessageSpan, Question } from '../../channels/channel.ts'
import type { Clock } from '../../kernel/clock.ts'
import { newRequestId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'

/** What a platform lists. */
export type Listed = MessagePage['messages'][number]

/** A platform that lists for ever is broken: a day of a large studio's messages fits in. */
const PAGES_MAX = 10_000
/** A channel gives up its own calls long before; who forgot to must not hold up a poll for ever. */
const PAGE_WITHIN_MS = 60_000

/**
 * Asks a platform for everything that it told in a span of time, a page at a time. A list that cannot be read to its end is
 * refused, by what its last element says: whoever has read a part of it must not take it for the whole.
 */
export async function* listedPages(
  channel: Channel,
  asked: {
    fromMs: number
    untilMs: number
    clock: Clock
    pageWithinMs?: number
  },
): AsyncGenerator<Outcome<readonly Listed[]>, void> {
  const { fromMs, untilMs, clock, pageWithinMs = PAGE_WITHIN_MS } = asked
  let cursor: string | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    if (!channel.listMessages) return yield refused('listing_unavailable')
    const question: MessageSpan & Question = {
      fromMs,
      untilMs,
      cursor,
      nowMs: clock.nowMs(),
      requestId: newRequestId(),
    }
    const listed: Outcome<MessagePage> = await within(pageWithinMs, channel.listMessages(question))
    if (!listed.ok) return yield listed
    const { messages, nextCursor }: MessagePage = listed.value
    // The same place again would be read for ever.
    if (nextCursor !== null && nextCursor === cursor) return yield refused('channel_unavailable')
    yield accepted(messages)
    if (nextCursor === null) return
    cursor = nextCursor
  }
  yield refused('channel_unavailable')
}

async function within<T>(ms: number, work: Promise<Outcome<T>>): Promise<Outcome<T>> {
  const { promise: tooLate, resolve } = Promise.withResolvers<Outcome<T>>()
  const timer = setTimeout(() => resolve(refused('channel_unavailable')), ms)
  try {
    return await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { Evidence, MessagePage, MessageSpan, Question } from '../channel.ts'
import type { PlayApi } from './client.ts'
import type { PlayShop } from './translate.ts'
import { noticeOf } from './voided.ts'
import type { VoidedPurchase } from './wire.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Play lists no more, and refuses a question that begins earlier: thirty days, less an hour for the clocks of both sides. */
const LISTED_MS = 30 * DAY_MS - 60 * 60 * 1000
/** Each purchase of a page is asked for; this many at once are far below what Play allows a minute. */
const AT_ONCE_MAX = 5

type Listed = MessagePage['messages'][number]

/**
 * What Play took back in a span of time, a page at a time: the only thing that it lists. Of a part it names the pieces and no
 * money, and of a test it does not say that it is one: so each is asked for.
 */
export async function listVoided(
  { api, shop }: { api: PlayApi; shop: PlayShop },
  span: MessageSpan & Question,
): Promise<Outcome<MessagePage>> {
  const fromMs = Math.max(span.fromMs, span.nowMs - LISTED_MS)
  const untilMs = Math.min(span.untilMs, span.nowMs)
  if (fromMs >= untilMs) return accepted({ messages: [], nextCursor: null })
  const page = await api.voided({ fromMs, untilMs, cursor: span.cursor })
  if (!page.ok) return page
  const { voidedPurchases = [], tokenPagination } = page.value
  const messages: Listed[] = []
  for (let from = 0; from < voidedPurchases.length; from += AT_ONCE_MAX) {
    const some = voidedPurchases.slice(from, from + AT_ONCE_MAX)
    for (const message of await Promise.all(some.map((one) => messageOf({ api, shop }, { one, question: span })))) {
      if (!message.ok) return message
      messages.push(message.value)
    }
  }
  return accepted({ messages, nextCursor: tokenPagination?.nextPageToken || null })
}

async function messageOf(
  { api, shop }: { api: PlayApi; shop: PlayShop },
  { one, question }: { one: VoidedPurchase; question: Question },
): Promise<Outcome<Listed>> {
  const rawBody = Buffer.from(JSON.stringify(one))
  const { nowMs: receivedAtMs, requestId } = question
  const evidence: Evidence = { kind: 'look_up', headers: {}, rawBody, receivedAtMs, requestId }
  const notice = await noticeOf(
    { api, shop },
    {
      evidence,
      voided: {
        token: one.purchaseToken,
        orderId: one.orderId ? one.orderId : null,
        atMs: Number(one.voidedTimeMillis),
        isListedWhole: one.voidedQuantity === undefined,
      },
    },
  )
  if (!notice.ok) return notice
  if (notice.value !== null) return accepted({ kind: 'notice', notice: notice.value })
  const { appId, instance } = shop
  const details = [{ path: 'voidedQuantity', message: 'is of a purchase of which Google Play says that it stands' }]
  return accepted({ kind: 'not_understood', source: { appId, instance, environment: 'live', evidence }, details })
}

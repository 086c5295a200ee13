import type { VerifiedPayment } from '../../channels/channel.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import { withPayer } from './claim-payment.ts'
import { keepAlone, keepInquiry } from './keep-message.ts'
import { type Compared, compareWithBooks } from './known-messages.ts'
import type { Listed } from './listed-pages.ts'
import { isUnwantedTest } from './refuse-test-mode.ts'
import { movesTheBooks, sourceOf, type Understood } from './replay-event.ts'
import { bookNotice, type MessageDeps, recordMessage, settleMessage } from './settle-message.ts'

/** How many of a platform's messages became what. */
export interface TakenIn {
  listed: number
  /** Told the books something new. */
  taken: number
  /** Play money that the app does not take. */
  tests: number
  /** Genuine, and not what we know: kept, once. */
  notUnderstood: number
  /** Money of which nobody knows the player yet: kept, once. */
  unclaimed: number
  /** Not booked by a fault of ours: kept with the verdict `error`, once. */
  faults: number
}

export const NOTHING_TAKEN: Readonly<TakenIn> = {
  ...{ listed: 0, taken: 0, tests: 0, notUnderstood: 0, unclaimed: 0, faults: 0 },
}

/** As many payments as share a transaction and leave room for those that come by themselves. */
const TOGETHER_MAX = 32

/**
 * Takes in what a platform has listed, by the same use cases as if it had reached us. What we know already costs a few
 * reads for the whole page. A fault that one of them meets keeps no other from being taken in.
 * @throws StorageUnavailable when nothing can be kept: it is to be listed again later.
 */
export async function takeIn(deps: MessageDeps, messages: readonly Listed[]): Promise<TakenIn> {
  const found: TakenIn = { ...NOTHING_TAKEN, listed: messages.length }
  const understood: Understood[] = []
  for (const told of messages) {
    const message = await withPayer(deps.database.db, told)
    if (!movesTheBooks(message)) await keepAside(deps, message, found)
    else if (isUnwantedTest(deps, sourceOf(message))) found.tests += 1
    else understood.push(message)
  }
  const news = (await compareWithBooks(deps.database.db, understood)).filter(({ isNews }) => isNews)
  await takeNews(deps, news, found)
  return found
}

async function takeNews(deps: MessageDeps, news: readonly Compared[], found: TakenIn): Promise<void> {
  const payments = news.flatMap(({ message }) => (message.kind === 'payment' ? [message.payment] : []))
  for (let at = 0; at < payments.length; at += TOGETHER_MAX) {
    const outcomes = await Promise.all(payments.slice(at, at + TOGETHER_MAX).map((one) => settle(deps, one)))
    for (const outcome of outcomes) count(found, outcome)
  }
  for (const { message } of news) {
    if (message.kind === 'notice') count(found, await bookNotice(deps, message.notice))
    if (message.kind === 'failure') count(found, await recordMessage(deps, message.failure))
  }
}

async function settle(deps: MessageDeps, payment: VerifiedPayment): Promise<Outcome<unknown> | 'known'> {
  const settled = await settleMessage(deps, payment)
  return settled.ok && settled.value.replayed ? 'known' : settled
}

function count(found: TakenIn, outcome: Outcome<unknown> | 'known'): void {
  if (outcome === 'known') return
  if (!outcome.ok && outcome.refusal.code === 'settlement_failed') found.faults += 1
  else found.taken += 1
}

/** What moves no book is kept as if it had been called in; each once, however often it is listed. */
async function keepAside(deps: MessageDeps, message: Exclude<Listed, Understood>, found: TakenIn): Promise<void> {
  switch (message.kind) {
    case 'not_understood':
      if (isUnwantedTest(deps, message.source)) return
      await keepAlone(deps, message.source, 'invalid_fields')
      found.notUnderstood += 1
      return
    case 'claim':
      if (isUnwantedTest(deps, message.claim.source)) return
      await keepAlone(deps, message.claim.source, 'unclaimed')
      found.unclaimed += 1
      return
    case 'inquiry':
      if (!isUnwantedTest(deps, message.source)) await keepInquiry(deps, message)
      return
    case 'no_concern':
      return
  }
}

/** Adds what came of a further page. */
export function addTaken(sum: TakenIn, more: Readonly<TakenIn>): void {
  for (const name of Object.keys(more) as (keyof TakenIn)[]) sum[name] += more[name]
}

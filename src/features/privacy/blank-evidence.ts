import type { Database } from '../../db/database.ts'
import { blankPaymentEvents } from '../payments/index.ts'
import { type EventHead, holdPayments, type Person } from './evidence-queries.ts'
import { blankReturnUrls } from './queries.ts'
import { endOfPage, eventPage, ordersOf, otherEventsOf, paymentsOf } from './walk-evidence.ts'

/**
 * Blanks what kept messages and orders say of an erased player, in transactions of bounded size; hashes and verdicts stay. Each
 * page of payments is held before its messages are read: a replay under way, which holds its payment and locks no
 * player, has then written its message, and one that comes later sees that the player is erased.
 */
export async function blankEvidence({ database }: { database: Database }, person: Person): Promise<void> {
  for await (const payments of paymentsOf(database.db, person)) {
    const paymentIds = payments.map((payment) => payment.payment_id)
    for (let after: EventHead | null = null; ; ) {
      const page: EventHead[] = await database.inTransaction(async (tx) => {
        await holdPayments(tx, paymentIds)
        const events = await eventPage(tx, { paymentIds, after })
        await blankPaymentEvents(tx, events)
        return events
      })
      after = endOfPage(page)
      if (after === null) break
    }
  }
  for await (const orders of ordersOf(database.db, person)) {
    const sentBack = orders.filter((order) => order.return_url !== null)
    if (sentBack.length > 0) await database.inTransaction((tx) => blankReturnUrls(tx, sentBack))
  }
  for await (const events of otherEventsOf(database.db, person)) {
    await database.inTransaction((tx) => blankPaymentEvents(tx, events))
  }
}

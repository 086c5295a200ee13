import type { Db } from '../../db/database.ts'
import { type EventHead, type Person, selectBodies } from './evidence-queries.ts'
import { selectPartsOfPayments } from './export-queries.ts'
import { exportedBody, exportedRow } from './rules.ts'
import { BODIES_A_PAGE, endOfPage, eventPage, otherEventsOf, paymentsOf } from './walk-evidence.ts'

type Exported = Record<string, unknown>

/** Every payment in a player's name, with its lines and what of it waits for a person. */
export async function* exportedPayments(db: Db, person: Person): AsyncGenerator<Exported[]> {
  for await (const payments of paymentsOf(db, person)) {
    const { lines, reviews } = await selectPartsOfPayments(
      db,
      payments.map((payment) => payment.payment_id),
    )
    const [linesOf, reviewsOf] = [
      Map.groupBy(lines, (line) => line.payment_id),
      Map.groupBy(reviews, (entry) => entry.payment_id),
    ]
    yield payments.map((payment) => ({
      ...exportedRow(payment),
      lines: (linesOf.get(payment.payment_id) ?? []).map(exportedRow),
      reviews: (reviewsOf.get(payment.payment_id) ?? []).map(exportedRow),
    }))
  }
}

/** Every kept message about a player, as it came. */
export async function* exportedEvents(db: Db, person: Person): AsyncGenerator<Exported[]> {
  for await (const payments of paymentsOf(db, person)) {
    const paymentIds = payments.map((payment) => payment.payment_id)
    for (let after: EventHead | null = null; ; ) {
      const page: EventHead[] = await eventPage(db, { paymentIds, after })
      yield* withBodies(db, page)
      after = endOfPage(page)
      if (after === null) break
    }
  }
  for await (const events of otherEventsOf(db, person)) yield* withBodies(db, events)
}

async function* withBodies(db: Db, events: readonly EventHead[]): AsyncGenerator<Exported[]> {
  for (let start = 0; start < events.length; start += BODIES_A_PAGE) {
    const heads = events.slice(start, start + BODIES_A_PAGE)
    const bodies = await selectBodies(
      db,
      heads.map((head) => head.event_id),
    )
    yield heads.map(({ headers, ...head }) => ({
      ...exportedRow(head),
      headers: JSON.parse(headers) as unknown,
      ...exportedBody(bodies.get(head.event_id) ?? new Uint8Array(0)),
    }))
  }
}

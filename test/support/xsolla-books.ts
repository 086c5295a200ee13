import type { PaymentId } from '../../src/kernel/ids.ts'
import { orderRow, reviewEntries } from './books.ts'
import type { TestApp } from './test-app.ts'
import { type Changes, inShort, newPurchase, paidOrder, tellXsolla, type XsollaBody } from './xsolla.ts'

/** A purchase that was told of, the answer in short, and what its first line is called here. */
export interface ToldPurchase {
  readonly orderId: number
  readonly transactionId: number
  readonly body: XsollaBody
  readonly answer: string
  readonly order: string
}

/** Tells of a purchase of a player. */
export async function buy(
  app: TestApp,
  uid: string,
  { instance = 'xsolla', ...changes }: Changes & { instance?: string } = {},
): Promise<ToldPurchase> {
  const bought = newPurchase()
  const body = paidOrder(uid, bought, changes)
  const answer = inShort(await tellXsolla(app, body, { instance }))
  return { ...bought, body, answer, order: `${instance}:${bought.orderId}` }
}

/** The entries of an order in the queue: why, and how they stand. */
export async function statesOf(app: TestApp, orderId: string): Promise<string[]> {
  return (await reviewEntries(app, orderId)).map(({ reason, state }) => `${reason} ${state}`)
}

/** The payment that an order was granted for. */
export async function paymentOf(app: TestApp, orderId: string) {
  const order = await orderRow(app, orderId)
  return await app.service.database.db
    .selectFrom('payments')
    .selectAll()
    .where('payment_id', '=', order?.granted_payment_id as PaymentId)
    .executeTakeFirstOrThrow()
}

/** The lines of a payment: the order, what was bought, what it cost in minor units, and what became of it. */
export async function linesOf(app: TestApp, transactionId: number): Promise<string[]> {
  const lines = await app.service.database.db
    .selectFrom('payment_lines')
    .innerJoin('payments', 'payments.payment_id', 'payment_lines.payment_id')
    .selectAll('payment_lines')
    .where('payments.transaction_id', '=', String(transactionId))
    .orderBy('line_no')
    .execute()
  return lines.map(
    (line) =>
      `${line.order_id} ${line.item_id}x${line.quantity} ${line.price_minor} ${line.currency} ${line.refusal ?? line.standing}`,
  )
}

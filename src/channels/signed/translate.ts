import type { OrderId, PlayerId } from '../../kernel/ids.ts'
import { parsePlayerId } from '../../kernel/ids.ts'
import { type CurrencyCode, type Money, parseCurrency, parseMajor } from '../../kernel/money.ts'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import {
  type Evidence,
  type FailureMessage,
  type SuccessMessage,
  type VerifiedFailure,
  type VerifiedPayment,
  vouchForFailure,
  vouchForPayment,
} from '../channel.ts'
import { SERVER_INSTANCE, type TrustedSource } from './trust.ts'

/** What tells of no test mode is real money. */
export function environmentOf({ test = false }: { readonly test?: boolean }): PaymentEnvironment {
  return test ? 'test' : 'live'
}

/** A trusted source's word that money was paid, as a payment. Vouched for by whoever made the source. */
export function paymentFrom(
  source: TrustedSource,
  { message, evidence }: { message: SuccessMessage; evidence: Evidence },
): Outcome<VerifiedPayment> {
  const player = playerFrom(source, message.uid)
  if (!player.ok) return player
  const price = priceFrom(message)
  if (!price.ok) return price
  return accepted(
    vouchForPayment({
      appId: source.appId,
      instance: source.instance,
      environment: environmentOf(message),
      transactionId: message.transaction_id ?? null,
      factsAreIdentity: true,
      // Of an app's own server no refund is ever told; a partner's may name the order alone.
      orderIsName: source.instance !== SERVER_INSTANCE,
      playerId: player.value,
      lines: [
        {
          lineNo: 1,
          orderId: message.order_id as OrderId,
          itemId: Number(message.item_id),
          quantity: 1,
          price: price.value,
        },
      ],
      shown: { channel: message.payment_channel ?? source.instance, method: message.payment_method ?? null },
      evidence,
    }),
  )
}

/** A trusted source's word that a payment failed. */
export function failureFrom(
  source: TrustedSource,
  { message, evidence }: { message: FailureMessage; evidence: Evidence },
): Outcome<VerifiedFailure> {
  const player = playerFrom(source, message.uid)
  if (!player.ok) return player
  return accepted(
    vouchForFailure({
      appId: source.appId,
      instance: source.instance,
      environment: environmentOf(message),
      playerId: player.value,
      orderId: message.order_id as OrderId,
      itemId: Number(message.item_id),
      errorCode: message.web_pay_error_code,
      shown: { channel: message.payment_channel ?? source.instance, method: message.payment_method ?? null },
      evidence,
    }),
  )
}

function playerFrom(source: TrustedSource, uid: string): Outcome<PlayerId> {
  const playerId = parsePlayerId(uid)
  if (playerId === null) return refusedField('uid', 'is not a player number')
  if (source.onlyPlayer !== null && source.onlyPlayer !== playerId) return refused('not_your_account')
  return accepted(playerId)
}

function priceFrom(message: { price: number | string; currency: string }): Outcome<Money> {
  const currency: CurrencyCode | null = parseCurrency(message.currency)
  if (!currency) return refusedField('currency', 'is not an ISO 4217 code that is in use')
  const price = parseMajor(message.price, currency)
  return price ? accepted(price) : refusedField('price', `is not an amount of ${currency}`)
}

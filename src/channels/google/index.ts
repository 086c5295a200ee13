import { Check } from 'typebox/schema'
import { accountTokenOf } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { CallbackResult, Channel, PaymentClaim, PlatformAnswer, Question } from '../channel.ts'
import { openAccessTokens, type ServiceAccount } from './access-token.ts'
import { openPlayApi, type PlayApi } from './client.ts'
import { listVoided } from './list-voided.ts'
import { askForPurchase, stateOf } from './purchase.ts'
import { receivePush } from './receive.ts'
import { readPlayReport } from './report.ts'
import { finishPurchase, refundOrder, standingOf } from './settle-up.ts'
import { claimOf, type PlayShop } from './translate.ts'
import { openPushProof, type PushSettings } from './verify.ts'
import { ProductIdField, TokenField } from './wire.ts'

/** One configured instance of type `google`: one app on Google Play. */
export interface GoogleInstance extends PlayShop {
  readonly packageName: string
  readonly serviceAccount: ServiceAccount
  /** Null: nobody pushes, and purchases come from devices alone. */
  readonly push: PushSettings | null
  readonly apiUrl: string
  readonly tokenUrl: string
  readonly certsUrl: string
}

/**
 * The channel of one-time products on Google Play. The game buys on the device, in the name of an order of ours; whether and
 * what it has bought Play's API says, to whichever of the device and Play's own notification comes first.
 */
export function openGoogleChannel(google: GoogleInstance): Channel {
  const { instance, appId, packageName, push } = google
  const tokens = openAccessTokens({ account: google.serviceAccount, tokenUrl: google.tokenUrl })
  const api = openPlayApi(tokens, google)
  return {
    ...{ instance, appId },
    openCheckout: async ({ orderId }) => {
      const token = accountTokenOf(orderId)
      invariant(token !== null, 'an order that is opened has an id of ours')
      return accepted({ kind: 'account_token', token })
    },
    verifyPurchase: ({ told, question }) => verifyPurchase({ api, shop: google }, { told, question }),
    ...(push === null ? {} : receiving({ api, shop: google, packageName, push, certsUrl: google.certsUrl })),
    // What is bought it does not list: the device shows it, and what nobody showed is given back after three days.
    readReport: (text) => readPlayReport(packageName, text),
    listsOnly: 'reversals',
    listMessages: (span) => listVoided({ api, shop: google }, span),
    carryOutCall: (call) => finishPurchase(api, call),
    lookUpStanding: (payment) => standingOf(api, payment),
    refundPayment: (refund) => refundOrder(api, refund),
  }
}

function receiving(of: {
  api: PlayApi
  shop: PlayShop
  packageName: string
  push: PushSettings
  certsUrl: string
}): Required<Pick<Channel, 'receive' | 'answer'>> {
  const prove = openPushProof(of.push, of)
  return { receive: (call) => receivePush({ ...of, prove }, call), answer: answerOf }
}

/**
 * Pub/Sub reads the status alone: whatever is no success is sent again, for seven days. What is genuine and will never be
 * taken is kept by us, and needs no second delivery.
 */
function answerOf(result: CallbackResult): PlatformAnswer {
  switch (result.kind) {
    case 'done':
    case 'answered':
    case 'refused':
      return { status: 204, body: null }
    case 'invalid_signature':
      return { status: 401, body: null }
    case 'retry_later':
      return { status: 500, body: null }
  }
}

/** Asks Play for what a device says that it has bought. The device's own proof is not looked at: Play knows better. */
async function verifyPurchase(
  { api, shop }: { api: PlayApi; shop: PlayShop },
  { told, question }: { told: Readonly<Record<string, unknown>>; question: Question },
): Promise<Outcome<PaymentClaim>> {
  const { product_id: productId, purchase_token: token } = told
  const details = [
    ...(Check(ProductIdField, productId) ? [] : [{ path: 'product_id', message: 'is no id of a product' }]),
    ...(Check(TokenField, token) ? [] : [{ path: 'purchase_token', message: 'is no token of a purchase' }]),
  ]
  if (details.length > 0) return refused('invalid_fields', { details })
  const asked = await askForPurchase(api, String(token))
  if (!asked.ok) return asked
  const known = asked.value
  const products = known?.purchase.productLineItem ?? []
  if (known === null || !products.some((line) => line.productId === productId)) return refused('purchase_not_found')
  switch (stateOf(known)) {
    case 'purchased': {
      const rawBody = Buffer.from(JSON.stringify(known.json))
      const { nowMs: receivedAtMs, requestId } = question
      const evidence = { kind: 'device_purchase' as const, headers: {}, rawBody, receivedAtMs, requestId }
      return claimOf(shop, { known, evidence })
    }
    case 'pending':
      return refused('purchase_pending')
    case 'cancelled':
      return refused('purchase_revoked')
  }
}

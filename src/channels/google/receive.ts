import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { ChannelMessage, Evidence, EvidenceKind, WebhookCall } from '../channel.ts'
import { type PlayApi, unavailable } from './client.ts'
import { askForPurchase, stateOf } from './purchase.ts'
import { claimOf, type PlayShop } from './translate.ts'
import type { ProvePush, PushSettings } from './verify.ts'
import { noticeOf } from './voided.ts'
import { type Notification, readPush } from './wire.ts'

/** What a push is read with. */
export interface Receiving {
  readonly api: PlayApi
  readonly shop: PlayShop
  readonly packageName: string
  readonly push: PushSettings
  readonly prove: ProvePush
}

/** What of the notifications of one-time products tells of a change of a purchase: it was paid, or its payment was given up. */
const PURCHASE_CHANGED: ReadonlySet<number> = new Set([1, 2])
const SUBSCRIPTION = 1

/**
 * Takes a push of Pub/Sub: proven by its token, then read, then asked about. A notification only says where to look: what is
 * true Play is asked for. One that was kept is proven already, and its token is not kept.
 */
export async function receivePush(receiving: Receiving, call: WebhookCall): Promise<Outcome<ChannelMessage>> {
  const { prove, push, shop, packageName } = receiving
  if (!call.wasProven) {
    const proven = await prove(call)
    if (!proven.ok) return proven
  }
  const told = readPush(call.rawBody)
  if (told && push.subscription !== null && told.subscription !== push.subscription) return refused('invalid_signature')
  const source = (kind: EvidenceKind) => ({
    ...{ appId: shop.appId, instance: shop.instance, environment: 'live' as const },
    evidence: evidenceOf(call, kind),
  })
  const fault = faultOf(told, packageName)
  if (fault !== null || !told?.notification) {
    const details = [{ path: '', message: fault ?? 'is no push of Pub/Sub' }]
    return accepted({ kind: 'not_understood', source: source('callback'), details })
  }
  const message = await messageOf(receiving, { notification: told.notification, call })
  if (!message.ok) return message
  return accepted(message.value ?? { kind: 'no_concern', source: source('callback') })
}

function faultOf(told: ReturnType<typeof readPush>, packageName: string): string | null {
  if (told === null) return 'is no push of Pub/Sub'
  if (told.notification === null) return 'carries no notification of Google Play'
  return told.notification.packageName === packageName ? null : 'is about another app'
}

/** What a notification comes to; null where there is nothing to do. */
async function messageOf(
  receiving: Receiving,
  { notification, call }: { notification: Notification; call: WebhookCall },
): Promise<Outcome<ChannelMessage | null>> {
  const { oneTimeProductNotification: changed, voidedPurchaseNotification: voided } = notification
  if (changed && PURCHASE_CHANGED.has(changed.notificationType)) {
    return purchaseMessage(receiving, { token: changed.purchaseToken, call })
  }
  if (!voided || voided.productType === SUBSCRIPTION) return accepted(null)
  const atMs = Number(notification.eventTimeMillis)
  const orderId = voided.orderId ? voided.orderId : null
  const notice = await noticeOf(receiving, {
    voided: { token: voided.purchaseToken, orderId, atMs, isListedWhole: false },
    evidence: evidenceOf(call, 'notice'),
  })
  if (!notice.ok) return notice
  // Play's right hand may not know yet what its left one tells: the push comes again, and the list is read by and by.
  if (notice.value === null) return unavailable('Google Play does not show yet that anything of a purchase went back')
  return accepted({ kind: 'notice', notice: notice.value })
}

async function purchaseMessage(
  { api, shop }: Receiving,
  { token, call }: { token: string; call: WebhookCall },
): Promise<Outcome<ChannelMessage | null>> {
  const known = await askForPurchase(api, token)
  if (!known.ok) return known
  if (known.value === null) {
    const { appId, instance } = shop
    const source = { appId, instance, environment: 'live' as const, evidence: evidenceOf(call, 'callback') }
    const details = [{ path: 'purchaseToken', message: 'is of no purchase that Google Play knows' }]
    return accepted({ kind: 'not_understood', source, details })
  }
  switch (stateOf(known.value)) {
    case 'purchased': {
      const claim = claimOf(shop, { known: known.value, evidence: evidenceOf(call, 'payment') })
      return claim.ok ? accepted({ kind: 'claim', claim: claim.value }) : claim
    }
    case 'pending':
      return unavailable('Google Play does not show yet what a purchase has come to')
    case 'cancelled':
      return accepted(null)
  }
}

/** No header is kept: the one that proves a push is a token. */
function evidenceOf({ rawBody, nowMs, requestId, callback }: WebhookCall, kind: EvidenceKind): Evidence {
  return { kind, headers: {}, rawBody, receivedAtMs: nowMs, requestId, callback }
}

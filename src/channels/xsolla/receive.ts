import type { TSchema } from 'typebox'
import { parsePlayerId } from '../../kernel/ids.ts'
import { accepted, type FieldFault, type Outcome, refused } from '../../kernel/outcome.ts'
import type { ChannelMessage, Evidence, WebhookCall } from '../channel.ts'
import { bodyFaults, readJson } from '../read-body.ts'
import { directPayment } from './direct-payment.ts'
import { environmentOf } from './names.ts'
import { noticeOfCancellation, noticeOfPartialRefund, noticeOfRefund } from './notice.ts'
import { paymentOfOrder } from './order-payment.ts'
import type { XsollaInstance } from './settings.ts'
import { XSOLLA_SIGNATURE_HEADER } from './sign.ts'
import { hasSignatureForm, isGenuine } from './verify.ts'
import {
  type CancellationMessage,
  CancellationMessageSchema,
  memberOf,
  type OrderMessage,
  OrderMessageSchema,
  type PaymentMessage,
  PaymentMessageSchema,
  type RefundMessage,
  RefundMessageSchema,
} from './wire.ts'

// What explains a message. Its signature is kept too, and nothing else that could stand in that header.
const KEPT_HEADERS = ['content-type', 'user-agent'] as const
const KEPT_HEADER_LENGTH_MAX = 300

// These ask for something that we do not have: whoever is answered that all is well would sell it.
const DEMANDING_TYPES: ReadonlySet<string> = new Set(['partner_side_catalog', 'get_pincode'])

/** A webhook of the platform: verified, then parsed, then believed. All of them come to one address. */
export function receiveXsolla(xsolla: XsollaInstance, call: WebhookCall): Outcome<ChannelMessage> {
  const { rawBody } = call
  const header = call.headers[XSOLLA_SIGNATURE_HEADER]
  if (!isGenuine(xsolla.secretKeys, { header, rawBody })) return refused('invalid_signature')
  const body = readJson(rawBody)
  const type = memberOf(body, 'notification_type')
  if (isQuestion(body, type)) return questionFrom(xsolla, body)
  return readMessage(xsolla, { body, type, call })
}

/** The one message without a type asks whether a player exists: the platform's own shop sends it. */
export function isShopCheck(body: unknown): boolean {
  return memberOf(body, 'notification_type') === undefined && memberOf(body, 'user') !== undefined
}

function isQuestion(body: unknown, type: unknown): boolean {
  return type === 'user_validation' || type === 'user_search' || isShopCheck(body)
}

/** Asked several times for each payment. A name that is no number of a player is nobody's, and nobody has to be asked. */
function questionFrom({ appId, ...xsolla }: XsollaInstance, body: unknown): Outcome<ChannelMessage> {
  const foreign = foreignProject(xsolla, body)
  if (foreign) return refused('invalid_fields', { details: [foreign] })
  const user = memberOf(body, 'user')
  const named = memberOf(user, 'id') ?? memberOf(user, 'public_id')
  const playerId = typeof named === 'string' || typeof named === 'number' ? parsePlayerId(String(named)) : null
  if (playerId === null) return refused('player_not_found')
  return accepted({ kind: 'question', question: { asks: 'who_is', appId, playerId } })
}

function readMessage(
  xsolla: XsollaInstance,
  { body, type, call }: { body: unknown; type: unknown; call: WebhookCall },
): Outcome<ChannelMessage> {
  const { appId, instance } = xsolla
  const source = (kind: Evidence['kind']) => ({
    ...{ appId, instance, environment: environmentOf(body) },
    evidence: evidenceOf(call, kind),
  })
  const notUnderstood = (details: readonly FieldFault[] = []): Outcome<ChannelMessage> =>
    accepted({ kind: 'not_understood', source: source('callback'), details })
  if (typeof type !== 'string')
    return notUnderstood([{ path: 'notification_type', message: 'is not one of a message' }])
  const foreign = foreignProject(xsolla, body)
  if (foreign) return notUnderstood([foreign])
  const read = readByType(xsolla, { type, body, call })
  if (read === 'no_concern') return accepted({ kind: 'no_concern', source: source('callback') })
  return read.ok ? read : notUnderstood(read.refusal.details)
}

/** The type decides what a message is. What grants is one of `order_paid` and `payment`; the other tells of the same money. */
function readByType(
  xsolla: XsollaInstance,
  { type, body, call }: { type: string; body: unknown; call: WebhookCall },
): Outcome<ChannelMessage> | 'no_concern' {
  switch (type) {
    case 'order_paid':
      return xsolla.grantOn === type ? orderPaid(xsolla, { body, call }) : 'no_concern'
    case 'payment':
      return xsolla.grantOn === type ? paymentMade(xsolla, { body, call }) : 'no_concern'
    case 'order_canceled':
      return orderCanceled(xsolla, { body, call })
    case 'refund':
    case 'partial_refund': {
      const fault = misfit(RefundMessageSchema, body)
      if (fault) return fault
      const noticeOf = type === 'refund' ? noticeOfRefund : noticeOfPartialRefund
      const notice = noticeOf(xsolla, { message: body as RefundMessage, evidence: evidenceOf(call, 'notice') })
      return notice.ok ? accepted({ kind: 'notice', notice: notice.value }) : notice
    }
    default:
      return DEMANDING_TYPES.has(type) ? refused('invalid_fields', { details: [UNKNOWN_WISH] }) : 'no_concern'
  }
}

const UNKNOWN_WISH: FieldFault = { path: 'notification_type', message: 'asks for what there is none of here' }

interface Told {
  readonly body: unknown
  readonly call: WebhookCall
}

function orderPaid(xsolla: XsollaInstance, { body, call }: Told): Outcome<ChannelMessage> {
  const fault = misfit(OrderMessageSchema, body)
  if (fault) return fault
  const message = body as OrderMessage
  if (isPaidInGame(message)) {
    // No money was paid, so nothing of the store is granted; its sender must not take it for delivered.
    return refused('invalid_fields', { details: [{ path: 'order.currency_type', message: 'is no real money' }] })
  }
  const payment = paymentOfOrder(xsolla, { message, evidence: evidenceOf(call, 'payment') })
  return payment.ok ? accepted({ kind: 'payment', payment: payment.value }) : payment
}

function paymentMade(xsolla: XsollaInstance, { body, call }: Told): Outcome<ChannelMessage> {
  const fault = misfit(PaymentMessageSchema, body)
  if (fault) return fault
  const payment = directPayment(xsolla, { message: body as PaymentMessage, evidence: evidenceOf(call, 'payment') })
  return payment.ok ? accepted({ kind: 'payment', payment: payment.value }) : payment
}

function orderCanceled(xsolla: XsollaInstance, { body, call }: Told): Outcome<ChannelMessage> | 'no_concern' {
  const fault = misfit(CancellationMessageSchema, body)
  if (fault) return fault
  const message = body as CancellationMessage
  if (isPaidInGame(message)) return 'no_concern'
  const notice = noticeOfCancellation(xsolla, { message, evidence: evidenceOf(call, 'notice') })
  return accepted({ kind: 'notice', notice })
}

function isPaidInGame({ order }: Pick<OrderMessage, 'order'>): boolean {
  return order.currency_type === 'virtual' || order.currency_type === 'loyalty_point'
}

function misfit(schema: TSchema, body: unknown): ReturnType<typeof refused> | null {
  const details = bodyFaults(schema, body)
  return details.length === 0 ? null : refused('invalid_fields', { details })
}

/** A key is a project's own; where a message says whose it is, it must be ours. */
function foreignProject(
  { projectId, merchantId }: Pick<XsollaInstance, 'projectId' | 'merchantId'>,
  body: unknown,
): FieldFault | null {
  for (const settings of [memberOf(body, 'settings'), memberOf(memberOf(body, 'billing'), 'settings')]) {
    const ofProject = memberOf(settings, 'project_id') ?? projectId
    if (String(ofProject) !== String(projectId)) {
      return { path: 'settings.project_id', message: "is another project's" }
    }
    const ofMerchant = memberOf(settings, 'merchant_id') ?? merchantId
    if (merchantId !== null && String(ofMerchant) !== String(merchantId)) {
      return { path: 'settings.merchant_id', message: "is another merchant's" }
    }
  }
  return null
}

function evidenceOf(call: WebhookCall, kind: Evidence['kind']): Evidence {
  const headers: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = call.headers[name]
    if (typeof value === 'string') headers[name] = value.slice(0, KEPT_HEADER_LENGTH_MAX)
  }
  const signature = call.headers[XSOLLA_SIGNATURE_HEADER]
  if (hasSignatureForm(signature)) headers[XSOLLA_SIGNATURE_HEADER] = signature
  const { rawBody, nowMs: receivedAtMs, requestId, callback } = call
  return { kind, headers, rawBody, receivedAtMs, requestId, callback }
}

import { createHash } from 'node:crypto'
import { skuOfItem } from '../../channels/item-of-sku.ts'
import { signXsollaBody, XSOLLA_SIGNATURE_HEADER } from '../../channels/xsolla/index.ts'
import { CommandRefused } from '../command.ts'
import type { ChannelOf, SimMessage, SimOrder, SimPlatform, SimPlatformType, Telling } from './platform.ts'

type XsollaChannel = ChannelOf<'xsolla'>

/** A project at Xsolla: of a dispute it tells when it is lost, and of none that was won. */
export const xsollaType: SimPlatformType<'xsolla'> = {
  tells: ['refund.succeeded', 'dispute.lost'],
  open: (channel) => {
    const [secretKey] = channel.secretKeys
    if (secretKey === undefined) throw new CommandRefused(`the channel ${channel.instance} has no secret key`)
    return xsollaPlatform(channel, secretKey)
  },
}

function xsollaPlatform(channel: XsollaChannel, own: string): SimPlatform {
  const { instance } = channel
  return {
    instance,
    message: (order, { telling, transactionId }) => {
      const said = saidOf(channel, { order, telling, transaction: numberOf(transactionId) })
      const { notification_type: type } = said
      return { says: `${type} ${numberOf(transactionId)}`, path: `/webhooks/${instance}`, body: JSON.stringify(said) }
    },
    signature: {
      sign: ({ body }: SimMessage, { secret = own }) => ({ [XSOLLA_SIGNATURE_HEADER]: signXsollaBody(secret, body) }),
      headers: [XSOLLA_SIGNATURE_HEADER],
      tellsAge: [],
    },
    answers: {
      taken: () => ({ words: 'answered 204', isSo: ({ status, text }) => status === 204 && text === '' }),
      forgedStatus: 400,
    },
    silentPayment: null,
  }
}

/** What it tells of an order that was made here: in the message that grants, and in one refund of all. */
function saidOf(
  channel: XsollaChannel,
  { order, telling, transaction }: { order: SimOrder; telling: Telling; transaction: number },
) {
  const { orderId, uid, price: amount, currency } = order
  const settings = {
    project_id: channel.projectId,
    ...(channel.merchantId === null ? {} : { merchant_id: channel.merchantId }),
  }
  const sku = skuOfItem(channel.items, order.itemId)
  const purchase = { total: { currency, amount } }
  const custom_parameters = { order_id: orderId }
  if ('id' in telling) {
    const refund_details = { code: telling.type === 'dispute.lost' ? 2 : 1, reason: telling.id, author: 'sim' }
    const told = { settings, purchase, user: { id: uid }, transaction: { id: transaction }, refund_details }
    return { notification_type: 'refund', ...told }
  }
  if (channel.grantOn === 'payment') {
    const bought = { ...purchase, virtual_items: { items: [{ sku, amount: 1 }], currency, amount } }
    const told = { settings, purchase: bought, user: { id: uid }, transaction: { id: transaction }, custom_parameters }
    return { notification_type: 'payment', ...told }
  }
  return {
    notification_type: 'order_paid',
    items: [{ sku, type: 'virtual_good', is_pre_order: false, quantity: 1, amount: String(amount), promotions: [] }],
    order: {
      ...{ id: transaction, mode: 'default', currency_type: 'real', currency, amount: String(amount), status: 'paid' },
      ...{ platform: 'xsolla', comment: null, invoice_id: String(transaction), promotions: [] },
    },
    user: { external_id: uid, email: 'sim@example.com' },
    custom_parameters,
  }
}

/** Its transactions are numbers. */
function numberOf(transactionId: string): number {
  return createHash('sha256').update(transactionId).digest().readUIntBE(0, 6)
}

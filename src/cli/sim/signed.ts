import { signBody } from '../../channels/signed/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { CommandRefused } from '../command.ts'
import { OWN_ANSWERS, REVERSAL_TYPES, type ReversalType, type SimPlatform, type SimPlatformType } from './platform.ts'

/** A partner that signs what it says. */
export const signedType: SimPlatformType<'signed'> = {
  tells: Object.keys(REVERSAL_TYPES) as ReversalType[],
  open: ({ instance, secrets: [secret] }) => {
    if (secret === undefined) throw new CommandRefused(`the channel ${instance} has no secret`)
    return signedPlatform({ instance, secret })
  },
}

function signedPlatform({ instance, secret: own }: { instance: string; secret: string }): SimPlatform {
  return {
    instance,
    message: (order, { telling, transactionId }) => {
      const says = `${telling.type} ${transactionId}`
      if ('id' in telling) {
        const { type, id, atMs } = telling
        const told = { type, transaction_id: transactionId, reversal_id: id, occurred_at: isoTime(atMs) }
        return { says, path: `/webhooks/${instance}`, body: JSON.stringify(told) }
      }
      const paid = {
        ...{ order_id: order.orderId, uid: order.uid, item_id: order.itemId, price: order.price },
        ...{ currency: order.currency, transaction_id: transactionId, payment_channel: instance },
      }
      return { says, path: '/api/v1/payment/success', body: JSON.stringify(paid) }
    },
    signature: {
      sign: ({ body }, { nowMs, secret = own }) => ({
        'x-signature': signBody(secret, { body, nowMs }),
        'x-channel': instance,
      }),
      // Without a signature a token would have to prove it, and there is none.
      headers: ['x-signature', 'x-channel'],
      tellsAge: ['stale', 'early'],
    },
    answers: OWN_ANSWERS,
    silentPayment: null,
  }
}

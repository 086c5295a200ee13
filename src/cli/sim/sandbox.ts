import { REVERSAL_TYPES, SANDBOX_SIGNATURE_HEADER, signSandboxMessage } from '../../channels/sandbox/index.ts'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import { type KeyValueStore, KeyValueUnavailable } from '../../kv/kv.ts'
import { openKeyValueStore } from '../../kv/open.ts'
import { CommandRefused } from '../command.ts'
import { OWN_ANSWERS, type ReversalType, type SimPlatform, type SimPlatformType } from './platform.ts'

/** The platform that a local server plays itself, page and all. */
export const sandboxType: SimPlatformType<'sandbox'> = {
  tells: Object.keys(REVERSAL_TYPES) as ReversalType[],
  open: async ({ instance }, config) => sandboxPlatform({ instance, secret: await sandboxSecret(config) }),
}

function sandboxPlatform({ instance, secret: own }: { instance: string; secret: string }): SimPlatform {
  return {
    instance,
    message: (order, { telling, transactionId }) => {
      const purchase = {
        ...{ transaction_id: transactionId, order_id: order.orderId, uid: order.uid, item_id: order.itemId },
        ...{ quantity: 1, amount_minor: order.priceMinor, currency: order.currency, channel_shown: instance },
      }
      const reversal =
        'id' in telling ? { reversal: { id: telling.id, amount_minor: null, occurred_at_ms: telling.atMs } } : {}
      return {
        says: `${telling.type} ${transactionId}`,
        path: `/webhooks/${instance}`,
        body: JSON.stringify({ type: telling.type, purchase, ...reversal }),
      }
    },
    signature: {
      sign: ({ body }, { nowMs, secret = own }) => ({
        [SANDBOX_SIGNATURE_HEADER]: signSandboxMessage(secret, { body, nowMs }),
      }),
      headers: [SANDBOX_SIGNATURE_HEADER],
      tellsAge: ['stale', 'early'],
    },
    answers: OWN_ANSWERS,
    silentPayment: (order) => `${order.checkoutPath}/pay-silently`,
  }
}

/** What the server has made at its first start, and keeps beside the sessions. */
async function sandboxSecret({ keyValue }: Config): Promise<string> {
  const kv: KeyValueStore = await openKeyValueStore(
    keyValue.kind === 'sqlite'
      ? { ...keyValue, clock: systemClock }
      : { kind: 'redis', prefix: keyValue.prefix, config: keyValue.sessions },
  )
  try {
    const secret = await kv.get('sandbox-secret')
    if (secret === null) throw new CommandRefused('the sandbox has no secret yet: start the server first')
    return secret
  } catch (error) {
    if (error instanceof KeyValueUnavailable) throw new CommandRefused(error.message)
    throw error
  } finally {
    await kv.close()
  }
}

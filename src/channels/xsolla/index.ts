import { accepted } from '../../kernel/outcome.ts'
import type { Channel } from '../channel.ts'
import { answerXsolla } from './answers.ts'
import { lookUpXsollaStanding, type MerchantAccess, openXsollaCheckout, refundXsollaPayment } from './client.ts'
import { lookUpXsollaPayment } from './look-up.ts'
import { receiveXsolla } from './receive.ts'
import type { XsollaInstance } from './settings.ts'

export type { XsollaInstance } from './settings.ts'
export { signXsollaBody, XSOLLA_SIGNATURE_HEADER } from './sign.ts'

/** The channel of a project at Xsolla, which sells and charges in its own name and tells us by one webhook. */
export function openXsollaChannel(xsolla: XsollaInstance): Channel {
  const { instance, appId, apiKey, merchantId } = xsolla
  return {
    ...{ instance, appId },
    ...(apiKey === null
      ? { openCheckout: async () => accepted({ kind: 'external' }) }
      : ofProject({ ...xsolla, apiKey })),
    receive: (call) => receiveXsolla(xsolla, call),
    answer: answerXsolla,
    ...(apiKey === null || merchantId === null ? {} : ofMerchant({ ...xsolla, apiKey, merchantId })),
  }
}

function ofProject(
  xsolla: XsollaInstance & { readonly apiKey: string },
): Pick<Channel, 'openCheckout' | 'keepsCheckouts' | 'lookUpPayment'> {
  return {
    openCheckout: (order) => openXsollaCheckout(xsolla, order),
    keepsCheckouts: true,
    lookUpPayment: (order) => lookUpXsollaPayment(xsolla, order),
  }
}

function ofMerchant(xsolla: MerchantAccess): Pick<Channel, 'refundPayment' | 'lookUpStanding'> {
  return {
    refundPayment: (refund) => refundXsollaPayment(xsolla, refund),
    lookUpStanding: (payment) => lookUpXsollaStanding(xsolla, payment),
  }
}

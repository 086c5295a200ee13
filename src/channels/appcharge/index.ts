import type { Channel } from '../channel.ts'
import { answerOf } from './answers.ts'
import { closeSession, openSession } from './checkout.ts'
import type { AppchargeInstance } from './instance.ts'
import { receiveAppcharge } from './receive.ts'
import { refundOrder, standingOf } from './refund.ts'
import { readAppchargeReport } from './report.ts'
import { findPayment, listTransactions } from './transactions.ts'

export type { AppchargeInstance } from './instance.ts'
export { PROJECT_HEADER, SIGNATURE_HEADER, signAppcharge, TOKEN_HEADER } from './sign.ts'

/** Appcharge sells in its web store and its checkouts, and takes the money in its own name; it asks us who comes and what they may buy. */
export function openAppchargeChannel(instance: AppchargeInstance): Channel {
  return {
    instance: instance.instance,
    appId: instance.appId,
    keepsCheckouts: true,
    openCheckout: (order) => openSession(instance, order),
    closeCheckout: (checkout) => closeSession(instance, checkout),
    receive: (call) => receiveAppcharge(instance, call),
    answer: (result, call) => answerOf(instance, result, call),
    lookUpPayment: (checkout) => findPayment(instance, checkout),
    listMessages: (span) => listTransactions(instance, span),
    readReport: readAppchargeReport,
    refundPayment: (refund) => refundOrder(instance, refund),
    lookUpStanding: (payment) => standingOf(instance, payment),
  }
}

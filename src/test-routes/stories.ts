import type { AppId } from '../kernel/ids.ts'
import type { Play } from './play.ts'

/** The stories that `GET /test/*` plays, by the name that they have had since the first release. */
export const STORIES = {
  token_test: beginSession,
  login_test: logIn,
  store_items_test: async (play: Play, appId: AppId) => {
    await logIn(play, appId)
    await play.call('GET', '/api/v1/store/items', {})
  },
  payment_success_test: async (play: Play, appId: AppId) => {
    await logIn(play, appId)
    await pay(play)
    await pay(play)
    await play.call('GET', '/api/v1/inbox', {})
  },
  payment_failure_test: async (play: Play, appId: AppId) => {
    await logIn(play, appId)
    await fail(play)
  },
  order_history_test: async (play: Play, appId: AppId) => {
    await logIn(play, appId)
    await pay(play)
    await fail(play)
    await play.call('GET', '/api/v1/orders/history', {})
  },
  daily_gift_test: async (play: Play, appId: AppId) => {
    await logIn(play, appId)
    await play.call('GET', '/api/v1/daily_gift', {})
    await play.call('POST', '/api/v1/daily_gift', { body: {} })
    await play.call('POST', '/api/v1/daily_gift', { body: {}, status: 409 })
  },
} as const

export type StoryName = keyof typeof STORIES

async function beginSession(play: Play, appId: AppId): Promise<void> {
  await play.call('POST', '/api/v1/token', { body: { appId } })
}

async function logIn(play: Play, appId: AppId): Promise<void> {
  await beginSession(play, appId)
  await play.call('GET', '/api/v1/login?loginType=1&loginId=test-{name}', {})
}

async function pay(play: Play): Promise<void> {
  const body = { order_id: play.orderId('paid'), uid: play.uid(), item_id: 1, price: 19.99, currency: 'USD' }
  await play.call('POST', '/api/v1/payment/success', { body: { ...body, payment_channel: 'test' } })
}

async function fail(play: Play): Promise<void> {
  const body = { order_id: play.orderId('failed'), uid: play.uid(), item_id: 2, web_pay_error_code: 'CARD_DECLINED' }
  await play.call('POST', '/api/v1/payment/failure', { body: { ...body, payment_channel: 'test' } })
}

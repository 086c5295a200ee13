import type { accountRoutes } from '../features/account/routes.ts'
import type { dailyGiftRoutes } from '../features/daily-gift/routes.ts'
import type { inboxRoutes } from '../features/inbox/routes.ts'
import type { orderRoutes } from '../features/orders/routes.ts'
import type { caseRoutes } from '../features/payments/case-routes.ts'
import type { channelRoutes } from '../features/payments/channel-routes.ts'
import type { paymentRoutes } from '../features/payments/routes.ts'
import type { playerRoutes } from '../features/players/routes.ts'
import type { privacyRoutes } from '../features/privacy/routes.ts'
import type { sessionRoutes } from '../features/sessions/routes.ts'
import type { storeRoutes } from '../features/store/routes.ts'
import type { walletRoutes } from '../features/wallet/routes.ts'
import type { testRoutes } from '../test-routes/routes.ts'
import type { RouteEntry } from './route.ts'

/** The features' calls, as the composition root has built them. */
export interface FeatureRoutes {
  readonly sessions: ReturnType<typeof sessionRoutes>
  readonly account: ReturnType<typeof accountRoutes>
  readonly store: ReturnType<typeof storeRoutes>
  readonly orders: ReturnType<typeof orderRoutes>
  readonly payments: ReturnType<typeof paymentRoutes>
  readonly channels: ReturnType<typeof channelRoutes>
  readonly cases: ReturnType<typeof caseRoutes>
  readonly inbox: ReturnType<typeof inboxRoutes>
  readonly dailyGift: ReturnType<typeof dailyGiftRoutes>
  readonly players: ReturnType<typeof playerRoutes>
  readonly wallet: ReturnType<typeof walletRoutes>
  readonly privacy: ReturnType<typeof privacyRoutes>
  readonly tests: ReturnType<typeof testRoutes>
}

/** The table of contents of the API. */
export function routes(of: FeatureRoutes): RouteEntry[] {
  const { sessions, account, store, orders, payments, channels, cases, inbox, dailyGift, players, wallet } = of
  const { privacy } = of
  return [
    ['POST', '/api/v1/token', sessions.issueToken],
    ['POST', '/api/v1/token/refresh', sessions.refreshToken],
    ['POST', '/api/v1/logout', sessions.logOut],
    ['GET', '/api/v1/sessions', sessions.listSessions],
    ['POST', '/api/v1/sessions/:id/revoke', sessions.revokeSession],
    ['POST', '/api/v1/sessions/revoke_others', sessions.revokeOtherSessions],
    ['POST', '/api/v1/handover', sessions.issueHandover],
    ['POST', '/api/v1/handover/redeem', sessions.redeemHandover],

    ['POST', '/api/v1/login/code', account.sendLoginCode],
    ['POST', '/api/v1/login/nonce', account.issueLoginNonce],
    ['GET', '/api/v1/login', account.logInByQuery],
    ['POST', '/api/v1/login', account.logIn],
    ['POST', '/api/v1/refresh', account.refresh],
    ['POST', '/api/v1/account/link', account.linkIdentity],
    ['POST', '/api/v1/account/unlink', account.unlinkIdentity],
    ['POST', '/api/v1/account/store_code', account.issueStoreCode],
    ['POST', '/api/v1/account/consent', account.setConsent],

    ['GET', '/api/v1/store/items', store.listItemsByQuery],
    ['POST', '/api/v1/store/items', store.listItems],

    ['POST', '/api/v1/payment/success', payments.paymentSuccess],
    ['POST', '/api/v1/payment/failure', payments.paymentFailure],
    ['POST', '/api/v1/payment/verify', channels.verifyPurchase],
    ['POST', '/webhooks/:instance', channels.receiveWebhook],
    ['POST', '/webhooks/:instance/:callback', channels.receiveNamedWebhook],

    ['GET', '/api/v1/orders/history', orders.historyByQuery],
    ['POST', '/api/v1/orders/history', orders.history],
    ['GET', '/api/v1/orders/:order_id', orders.readOrder],
    ['POST', '/api/v1/orders', orders.createOrder],
    ['POST', '/api/v1/orders/:order_id/cancel', orders.cancelOrder],
    ['POST', '/api/v1/orders/:order_id/check', channels.checkOrder],

    ['GET', '/api/v1/inbox', inbox.listMessages],
    ['POST', '/api/v1/inbox/:id/claim', inbox.claimMessage],
    ['POST', '/api/v1/inbox/claim_all', inbox.claimAll],

    ['GET', '/api/v1/daily_gift', dailyGift.readCalendar],
    ['POST', '/api/v1/daily_gift', dailyGift.claim],

    ['GET', '/api/v1/server/users/:uid', players.readUser],
    ['PATCH', '/api/v1/server/users/:uid/progress', players.updateProgress],
    ['POST', '/api/v1/server/users/:uid/wallet', wallet.changeBalance],
    ['GET', '/api/v1/server/users/:uid/ledger', wallet.listLedger],
    ['POST', '/api/v1/server/users/:uid/sessions/revoke', account.revokeSessions],
    ['GET', '/api/v1/server/orders/:order_id/case', cases.readCase],

    ['POST', '/identity/apple/:app_id/events', privacy.appleEvents],
    ['POST', '/identity/facebook/:app_id/deletion', privacy.facebookDeletion],
    ['POST', '/identity/facebook/:app_id/deauthorize', privacy.facebookDeauthorize],

    ...routesToTryThingsBy(of.tests),
  ]
}

/** Only for development. */
function routesToTryThingsBy(tests: FeatureRoutes['tests']): RouteEntry[] {
  return [
    ['GET', '/test/simple', tests.simple],
    ['GET', '/test/ping', tests.ping],
    ['GET', '/test/token_test', tests.tokenTest],
    ['GET', '/test/login_test', tests.loginTest],
    ['GET', '/test/store_items_test', tests.storeItemsTest],
    ['GET', '/test/payment_success_test', tests.paymentSuccessTest],
    ['GET', '/test/payment_failure_test', tests.paymentFailureTest],
    ['GET', '/test/order_history_test', tests.orderHistoryTest],
    ['GET', '/test/daily_gift_test', tests.dailyGiftTest],
    ['GET', '/test/database_info', tests.databaseInfo],
    ['GET', '/test/mailbox', tests.mailbox],
    ['POST', '/test/clock', tests.moveClock],
  ]
}
